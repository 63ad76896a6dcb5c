import { type Attributes, DEAD_LETTER_ATTRIBUTE, EXPIRES_ATTRIBUTE, type OutgoingMessage } from "@anytopic/core/driver";
import { fieldText, isSame, isText, packedFields } from "./wire/fields.ts";

/** The field of the body. Dapr's name too. */
export const BODY = "data";
/** The names of our own fields begin with it. */
const OUR_PREFIX = "anytopic";
export const ID = "anytopic-id";
/** The scripts read it too: `scripts/entries.ts`. */
export const KEY = "anytopic-key";
/** Of a letter or redriven message: Unix ms of the original publish. */
export const PUBLISHED = "anytopic-published";
/** Put before the name of an attribute that is named as the body's field. */
const NAMED_AS_BODY = "anytopic-attribute:data";
/** Only of a dead letter: the fields that could not be read, in base64, each with its length before it. */
export const RAW_FIELDS_ATTRIBUTE = "anytopic-raw-fields";
/** Only of a dead letter: which part of the message did not fit. */
export const INCOMPLETE_ATTRIBUTE = "anytopic-incomplete";

/** How many bytes of unreadable fields a letter keeps. */
const MAX_RAW_FIELDS_BYTES = 36_000;
/** A longer id is replaced by the message's place in the stream. */
const MAX_FOREIGN_ID_LENGTH = 1024;
/** The times a `Date` can hold, in ms around 1970. https://tc39.es/ecma262/#sec-time-values-and-time-range (2026-11-26) */
const MAX_TIME_MS = 8.64e15;

/** The fields of a message as arguments of XADD. Their order is always the same: Redis stores equal names of neighbours once. */
export function encodeFields(message: OutgoingMessage): (string | Buffer)[] {
  return appendFields([], message);
}

/** As `encodeFields`, behind the parts of a command that are there. Returns the same array. */
export function appendFields(fields: (string | Buffer)[], message: OutgoingMessage): (string | Buffer)[] {
  const { id, orderingKey, attributes } = message;
  // The client sends text in one piece with the rest of the command, and a Buffer as a piece of its own.
  fields.push(BODY, message.bodyText ?? asBuffer(message.body), ID, id);
  if (orderingKey !== undefined) fields.push(KEY, orderingKey);
  for (const name in attributes) fields.push(name === BODY ? NAMED_AS_BODY : name, attributes[name] ?? "");
  return fields;
}

function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** As `encodeFields`, with the time of the original publish. For letters and redriven messages, which have no entry of that time. */
export function encodeDated(message: OutgoingMessage): (string | Buffer)[] {
  return [PUBLISHED, String(Math.round(message.publishTimeMs)), ...encodeFields(message)];
}

const PLAIN_BYTES = `${BODY}${ID}`.length;

/** Bytes of all names and values. */
export function sizeOf(message: OutgoingMessage): number {
  const { attributes, orderingKey } = message;
  let bytes = PLAIN_BYTES + (message.bodyText ?? message.body).length + message.id.length;
  if (orderingKey !== undefined) bytes += KEY.length + Buffer.byteLength(orderingKey);
  for (const name in attributes) {
    bytes += name === BODY ? NAMED_AS_BODY.length : Buffer.byteLength(name);
    bytes += Buffer.byteLength(attributes[name] ?? "");
  }
  return bytes;
}

const BODY_BYTES = Buffer.from(BODY);
const ID_BYTES = Buffer.from(ID);

/** What an entry says. */
export interface Content {
  readonly body: Uint8Array;
  /** See `idOf`. */
  readonly idBytes: Buffer | undefined;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** The key's bytes, by which the scripts keep order. */
  readonly keyBytes: Buffer | undefined;
  readonly publishTimeMs: number | undefined;
  /** Why it cannot be read. Then an attribute keeps the fields. */
  readonly undecodable: Error | undefined;
}

/**
 * Who may have written the fields. Any publisher can write any field of an `"event"`: of our own fields only id and key are trusted, as
 * everybody may choose them. Only workers and operators of the subscription may write `"redriven"` messages and letters.
 */
export type Origin = "event" | "redriven" | "letter";

/** Reads names and values in turn. Of a field that occurs twice the first one counts; attributes are put together. Never throws. */
export function decodeFields(fields: readonly Buffer[], origin: Origin): Content {
  let attributes: Record<string, string> | undefined;
  let body: Buffer | undefined;
  let idBytes: Buffer | undefined;
  let keyBytes: Buffer | undefined;
  let publishTimeMs: number | undefined;
  let problem: string | undefined;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const rawName = fields[at] as Buffer;
    const value = fields[at + 1] as Buffer;
    // These two are in every message. To compare bytes is cheaper than to make a text.
    if (isSame(rawName, BODY_BYTES)) {
      body ??= value;
      continue;
    }
    if (isSame(rawName, ID_BYTES)) {
      idBytes ??= value;
      continue;
    }
    const name = fieldText(rawName);
    if (name === undefined) problem ??= "the name of a field is not UTF-8";
    else if (name === KEY) keyBytes ??= value;
    else if (name === PUBLISHED && origin !== "event") publishTimeMs ??= toTimeMs(value.toString());
    else {
      const own = attributeName(name, origin);
      if (own === undefined) continue;
      const text = fieldText(value);
      if (text === undefined) {
        problem ??= "the value of a field is not UTF-8";
        continue;
      }
      attributes ??= newAttributes();
      const before = attributes[own];
      attributes[own] = before === undefined ? text : `${before}, ${text}`;
    }
  }
  const hasKey = keyBytes !== undefined && keyBytes.length > 0;
  return {
    body: body ?? EMPTY,
    idBytes,
    attributes: problem === undefined ? (attributes ?? NO_ATTRIBUTES) : rawFields(fields),
    orderingKey: hasKey ? keyText(keyBytes as Buffer) : undefined,
    keyBytes: hasKey ? keyBytes : undefined,
    publishTimeMs,
    undecodable: problem === undefined ? undefined : new Error(`the message cannot be read: ${problem}`),
  };
}

/** The publisher's id; undefined without one, and when it is too long. Not made before it is asked for: many handlers do not read it. */
export function idOf({ idBytes }: Content): string | undefined {
  const id = idBytes?.toString();
  return id === "" || (id !== undefined && id.length > MAX_FOREIGN_ID_LENGTH) ? undefined : id;
}

/** The attributes of a letter's message, without those that the letter added. */
export function withoutLettersOwn(attributes: Attributes): Attributes {
  if (![...LETTERS_OWN].some((name) => name in attributes)) return attributes;
  const own = newAttributes();
  for (const name in attributes) if (!LETTERS_OWN.has(name)) own[name] = attributes[name] ?? "";
  return own;
}

const LETTERS_OWN: ReadonlySet<string> = new Set([DEAD_LETTER_ATTRIBUTE, RAW_FIELDS_ATTRIBUTE, INCOMPLETE_ATTRIBUTE]);
const EMPTY: Uint8Array = new Uint8Array();
const NO_ATTRIBUTES: Attributes = Object.freeze(newAttributes());

/** Undefined for a field that is no attribute. */
function attributeName(field: string, origin: Origin): string | undefined {
  if (!field.startsWith(OUR_PREFIX) || field === EXPIRES_ATTRIBUTE) return field;
  if (field === NAMED_AS_BODY) return BODY;
  return origin === "letter" && LETTERS_OWN.has(field) ? field : undefined;
}

/** Bytes that are no text get a text of their own, because two keys must not become one. */
function keyText(bytes: Buffer): string {
  return isText(bytes) ? bytes.toString() : `base64:${bytes.toString("base64")}`;
}

function rawFields(fields: readonly Buffer[]): Attributes {
  const attributes = newAttributes();
  // Without the body, which the letter has anyway.
  const others = fields.filter((_, at) => (fields[at - (at % 2)] as Buffer).toString() !== BODY);
  const all = packedFields(others);
  attributes[RAW_FIELDS_ATTRIBUTE] = all.subarray(0, MAX_RAW_FIELDS_BYTES).toString("base64");
  if (all.length > MAX_RAW_FIELDS_BYTES)
    attributes[INCOMPLETE_ATTRIBUTE] = `${MAX_RAW_FIELDS_BYTES} of ${all.length} bytes of fields`;
  return attributes;
}

function newAttributes(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function toTimeMs(text: string): number | undefined {
  const time = Number(text);
  return text !== "" && Number.isSafeInteger(time) && Math.abs(time) <= MAX_TIME_MS ? time : undefined;
}
