import {
  DEAD_LETTER_ATTRIBUTE,
  EXPIRES_ATTRIBUTE,
  percentDecode,
  percentEncode,
  PubSubError,
} from "@anytopic/core/driver";
import type { Attributes, OutgoingMessage } from "@anytopic/core/driver";
import { DEAD_LETTER_ROOM_BYTES, MAX_HEADER_BYTES, MAX_RAW_HEADER_BYTES, MAX_TIME_MS } from "./limits.ts";
import { readHeaders } from "./wire/read-headers.ts";

/** The server drops a second message with the same id within its `duplicate_window`. */
export const MESSAGE_ID = "Nats-Msg-Id";
/** The names of our own headers begin with it. */
const OUR_PREFIX = "anytopic-";
/** The id of a dead letter or redriven message, which the server must not deduplicate. */
const ID = "anytopic-id";
const KEY = "anytopic-key";
/** Unix ms of the original publish, of a dead letter or redriven message. */
const PUBLISHED = "anytopic-published";
/** The subscription that a redriven message is for. */
const REDRIVEN_TO = "anytopic-redriven-to";
/** Only of a dead letter: the header block that could not be read, in base64. */
const RAW_HEADERS_ATTRIBUTE = "anytopic-raw-headers";
/** Only of a dead letter: which part of the message did not fit. */
export const INCOMPLETE_ATTRIBUTE = "anytopic-incomplete";
/** Which parts are percent-encoded: `a` attributes, `i` id, `k` key. Absent when none is. */
const ENCODED = "anytopic-encoded";

/** Header names are printable ASCII without the colon. Names that the server would act upon are encoded too. */
const UNSAFE_NAME = /[^!-9;-~]|^[Nn](?=[Aa][Tt][Ss]-)/gu;
/** Header values are lines of UTF-8, and clients trim them. */
// oxlint-disable-next-line no-control-regex -- they are what must be escaped
const UNSAFE_VALUE = /[\u0000-\u001f\u007f]|^\s|\s$/g;
/** Encodes the empty name: `percentEncode` never writes a percent sign alone. */
const EMPTY_NAME = "%";

/** How a message is written. An `"event"` is deduplicated by its id. The others are never deduplicated, and carry the original's time. */
export type Envelope = "event" | "letter" | { readonly redrivenTo: string };

/** The header block of a message, to be sent as UTF-8. */
export function encodeHeaders(message: OutgoingMessage, envelope: Envelope): string {
  let encoded = "";
  let id = message.id;
  if (isUnsafe(UNSAFE_VALUE, id)) {
    id = percentEncode(id, UNSAFE_VALUE);
    encoded = "i";
  }
  let block = `NATS/1.0\r\n${envelope === "event" ? MESSAGE_ID : ID}: ${id}\r\n`;
  if (message.orderingKey !== undefined) {
    let key = message.orderingKey;
    if (isUnsafe(UNSAFE_VALUE, key)) {
      key = percentEncode(key, UNSAFE_VALUE);
      encoded += "k";
    }
    block += `${KEY}: ${key}\r\n`;
  }
  const attributes = encodeAttributes(message.attributes, false);
  if (attributes === undefined) {
    block += encodeAttributes(message.attributes, true);
    encoded += "a";
  } else block += attributes;
  if (envelope !== "event") block += `${PUBLISHED}: ${Math.round(message.publishTimeMs)}\r\n`;
  // For people who read the stream, and for workers of earlier versions: now the subject decides.
  if (typeof envelope === "object") block += `${REDRIVEN_TO}: ${envelope.redrivenTo}\r\n`;
  if (encoded !== "") block += `${ENCODED}: ${encoded}\r\n`;
  return `${block}\r\n`;
}

/** Undefined when something needs encoding and `encode` is false. */
function encodeAttributes(attributes: Attributes, encode: boolean): string | undefined {
  let block = "";
  for (const name in attributes) {
    const value = attributes[name] ?? "";
    if (encode) {
      const safeName = name === "" ? EMPTY_NAME : percentEncode(name, UNSAFE_NAME);
      block += `${safeName}: ${percentEncode(value, UNSAFE_VALUE)}\r\n`;
      continue;
    }
    if (name === "" || isUnsafe(UNSAFE_NAME, name) || isUnsafe(UNSAFE_VALUE, value)) return undefined;
    block += `${name}: ${value}\r\n`;
  }
  return block;
}

function isUnsafe(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

const PLAIN_HEADER_BYTES = `NATS/1.0\r\n${MESSAGE_ID}: \r\n\r\n`.length;
const KEY_HEADER_BYTES = `${KEY}: \r\n`.length;

/** Bytes of headers and body as the server counts them. */
export function sizeOf(message: OutgoingMessage): number {
  return headerBytesOf(message) + message.body.length;
}

/** The most bytes for a code unit of an attribute: three bytes of UTF-8, each escaped. */
const MOST_BYTES_PER_UNIT = 9;
/** An upper bound for the code units of key, id and our own header names. */
const OTHER_UNITS = 1500;

/** `LIMIT_EXCEEDED` when JetStream cannot store the headers together with a dead-letter record. */
export function headerRefusal(message: OutgoingMessage): PubSubError | undefined {
  const most = MAX_HEADER_BYTES - DEAD_LETTER_ROOM_BYTES;
  let units = OTHER_UNITS;
  for (const name in message.attributes) units += name.length + (message.attributes[name] ?? "").length + 4;
  if (units * MOST_BYTES_PER_UNIT <= most) return undefined;
  const bytes = headerBytesOf(message);
  if (bytes <= most) return undefined;
  return new PubSubError(
    "LIMIT_EXCEEDED",
    `attributes, key and id are ${bytes} bytes together as headers: JetStream stores at most ${most} bytes of them; ` +
      "put large values into the body",
  );
}

function headerBytesOf(message: OutgoingMessage): number {
  for (const _ in message.attributes) return Buffer.byteLength(encodeHeaders(message, "event"));
  const plain = PLAIN_HEADER_BYTES + message.id.length;
  if (message.orderingKey === undefined) return plain;
  // Without the escapes of control characters: hardly any key has them.
  return plain + KEY_HEADER_BYTES + Buffer.byteLength(message.orderingKey);
}

/** What the headers of a message say. */
export interface Metadata {
  readonly id: string | undefined;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number | undefined;
  readonly redrivenTo: string | undefined;
  /** Why the headers cannot be read. Then no header is trusted, and an attribute keeps the block. */
  readonly undecodable: Error | undefined;
}

/**
 * Who may have written the headers. Any publisher can write any header of an `"event"`: of our own headers only the key
 * and the encoding are trusted. Only operators and workers of the subscription may publish `"redriven"` messages and
 * letters: their headers are trusted with the message's id and time.
 */
export type Origin = "event" | "redriven" | "letter";

/**
 * Whether a message was redriven to another subscription, or to this one before a seek, which brings the original again: then it is
 * acknowledged without handling it.
 */
export function isPassedOver(
  { redrivenTo }: Metadata,
  streamSequence: number,
  { subscription, redrivenAfter }: { readonly subscription: string; readonly redrivenAfter: number },
): boolean {
  return redrivenTo !== undefined && (redrivenTo !== subscription || streamSequence <= redrivenAfter);
}

/** Of a message that has only an id. */
export function idMetadata(id: string): Metadata {
  return {
    id: id === "" ? undefined : id,
    attributes: NO_ATTRIBUTES,
    orderingKey: undefined,
    publishTimeMs: undefined,
    redrivenTo: undefined,
    undecodable: undefined,
  };
}

/** Reads a header block, which may be empty. Our own headers become attributes only in letters. Never throws. */
export function decodeHeaders(block: Uint8Array, origin: Origin): Metadata {
  let attributes = undefined as Record<string, string> | undefined;
  // The compiler does not see what the callback assigns.
  let messageId = undefined as string | undefined;
  let ourId = undefined as string | undefined;
  let orderingKey = undefined as string | undefined;
  let publishTimeMs = undefined as number | undefined;
  let encoded = "" as string;
  const problem =
    block.length === 0
      ? undefined
      : readHeaders(block, (name, value) => {
          // Of several ids the server takes the first.
          if (name === MESSAGE_ID) messageId ??= value;
          else if (name.startsWith(OUR_PREFIX)) {
            if (name === KEY) orderingKey = value === "" ? undefined : value;
            else if (name === ENCODED) encoded = value;
            else if (name === EXPIRES_ATTRIBUTE) (attributes ??= newAttributes())[name] = value;
            else if (origin === "event") return;
            else if (name === ID) ourId = value;
            else if (name === PUBLISHED) publishTimeMs = toTimeMs(value);
            else if (origin === "letter" && LETTERS_OWN.has(name)) (attributes ??= newAttributes())[name] = value;
          } else if (!name.startsWith("Nats-")) {
            attributes ??= newAttributes();
            const before = attributes[name];
            attributes[name] = before === undefined ? value : `${before}, ${value}`;
          }
        });
  if (problem !== undefined) return unreadable(problem, block);
  let id = ourId ?? messageId;
  if (encoded.includes("i") && id !== undefined) id = percentDecode(id);
  if (encoded.includes("k") && orderingKey !== undefined) orderingKey = percentDecode(orderingKey);
  return {
    id: id === "" || (id !== undefined && id.length > MAX_FOREIGN_ID_LENGTH) ? undefined : id,
    attributes:
      attributes === undefined ? NO_ATTRIBUTES : encoded.includes("a") ? decodeAttributes(attributes) : attributes,
    orderingKey,
    publishTimeMs,
    redrivenTo: undefined,
    undecodable: undefined,
  };
}

const LETTERS_OWN: ReadonlySet<string> = new Set([DEAD_LETTER_ATTRIBUTE, RAW_HEADERS_ATTRIBUTE, INCOMPLETE_ATTRIBUTE]);

/** The attributes of a letter's message, without those that the letter added. */
export function withoutLettersOwn(attributes: Attributes): Attributes {
  if (![...LETTERS_OWN].some((name) => name in attributes)) return attributes;
  const own = newAttributes();
  for (const name in attributes) if (!LETTERS_OWN.has(name)) own[name] = attributes[name] ?? "";
  return own;
}

/** A longer id is replaced by the message's place in the stream. */
export const MAX_FOREIGN_ID_LENGTH = 1024;

export function unreadable(problem: string, block: Uint8Array): Metadata {
  const attributes = newAttributes();
  // No more, so that the letter can be stored.
  const kept = block.subarray(0, MAX_RAW_HEADER_BYTES);
  attributes[RAW_HEADERS_ATTRIBUTE] = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64");
  if (kept.length < block.length)
    attributes[INCOMPLETE_ATTRIBUTE] = `${kept.length} of ${block.length} bytes of headers`;
  return {
    id: undefined,
    attributes,
    orderingKey: undefined,
    publishTimeMs: undefined,
    redrivenTo: undefined,
    undecodable: new Error(`the message cannot be read: ${problem}`),
  };
}

function decodeAttributes(encoded: Attributes): Attributes {
  const attributes = newAttributes();
  for (const name in encoded) {
    attributes[name === EMPTY_NAME ? "" : decodedName(name)] = percentDecode(encoded[name] ?? "");
  }
  return attributes;
}

/** We never encode our own names. An encoded one is a publisher's attempt to imitate them, and stays encoded. */
function decodedName(name: string): string {
  const decoded = percentDecode(name);
  return decoded !== name && decoded.startsWith(OUR_PREFIX) ? name : decoded;
}

const NO_ATTRIBUTES: Attributes = Object.freeze(newAttributes());

function newAttributes(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function toTimeMs(text: string): number | undefined {
  const time = Number(text);
  return text !== "" && Number.isSafeInteger(time) && Math.abs(time) <= MAX_TIME_MS ? time : undefined;
}
