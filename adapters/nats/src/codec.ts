import { DEAD_LETTER_ATTRIBUTE, percentDecode, percentEncode, PubSubError } from "@anytopic/core/driver";
import type { Attributes, OutgoingMessage } from "@anytopic/core/driver";
import type { Msg, MsgHdrs } from "@nats-io/nats-core";
import { DEAD_LETTER_ROOM_BYTES, MAX_HEADER_BYTES, MAX_RAW_HEADER_BYTES, MAX_TIME_MS } from "./limits.ts";
import { MESSAGE_ID, plainId } from "./wire/plain-id.ts";
import { rawHeaders, readHeaders } from "./wire/read-headers.ts";
import { redriveTarget } from "./letters/redrive-target.ts";

/** What the names of our own headers begin with. */
const OUR_PREFIX = "anytopic-";
/** The id where the server must not deduplicate: dead letters and redriven messages. */
const ID = "anytopic-id";
const KEY = "anytopic-key";
/** Unix ms of the original publish, where the stream's own time is not it. */
const PUBLISHED = "anytopic-published";
/** The subscription that a redriven message is for. */
const REDRIVEN_TO = "anytopic-redriven-to";
/** A letter's only: the header block of a message whose headers cannot be read, in base64. */
export const RAW_HEADERS_ATTRIBUTE = "anytopic-raw-headers";
/** A letter's only: what of the message did not fit into it. */
export const INCOMPLETE_ATTRIBUTE = "anytopic-incomplete";
/** Which parts were percent-encoded: `a` attributes, `i` id, `k` key. Absent when nothing was. */
const ENCODED = "anytopic-encoded";

/** Header names are printable ASCII without the colon; names that the server would act upon are hidden from it. */
const UNSAFE_NAME = /[^!-9;-~]|^[Nn](?=[Aa][Tt][Ss]-)/gu;
/** Header values are lines of UTF-8, and clients trim them. */
// oxlint-disable-next-line no-control-regex -- they are what must be escaped
const UNSAFE_VALUE = /[\u0000-\u001f\u007f]|^\s|\s$/g;
/** Stands for the empty name: `percentEncode` never makes a lone percent sign. */
const EMPTY_NAME = "%";

/** How a message is written. `"event"`: deduplicated by its id. `"letter"`, `"redriven"`: never deduplicated, and carry the original's time. */
export type Envelope = "event" | "letter" | { readonly redrivenTo: string };

/** The header block of a message, as text of which `latin1` bytes are the UTF-8 when it is ASCII. */
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
  // For whoever reads the stream, and workers of earlier versions: the subject decides.
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

/** `NATS/1.0␍␊`, the name of the id header, `: `, `␍␊` and the closing `␍␊`. */
const PLAIN_HEADER_BYTES = "NATS/1.0\r\nNats-Msg-Id: \r\n\r\n".length;
const KEY_HEADER_BYTES = `${KEY}: \r\n`.length;

/** Bytes of headers and body as the server counts them. */
export function sizeOf(message: OutgoingMessage): number {
  return headerBytesOf(message) + message.body.length;
}

/** What a code unit of an attribute becomes at most: three bytes of UTF-8, each escaped. */
const MOST_BYTES_PER_UNIT = 9;
/** At least as many as key, id and our own words have together. */
const OTHER_UNITS = 1500;

/** `LIMIT_EXCEEDED` when JetStream could not store the headers with the room that a dead-letter record needs. */
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
  // At most: escaping triples, and its marker is short.
  return plain + KEY_HEADER_BYTES + Buffer.byteLength(message.orderingKey);
}

/** What the headers of a message say. */
export interface Metadata {
  readonly id: string | undefined;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number | undefined;
  readonly redrivenTo: string | undefined;
  /** Why the headers cannot be read: nothing of them is believed then, and they are kept as they are. */
  readonly undecodable: Error | undefined;
}

/**
 * Whose word a header is. Anybody who may publish to a topic can write any header of an `"event"`: of ours, only those
 * count that concern the message alone. Who may write to the subjects of redriven messages and of letters is an
 * operator, or a worker of the subscription: their headers name the message's own id and time.
 */
export type Origin = "event" | "redriven" | "letter";

/** A redriven message of another subscription: to be acknowledged unseen. */
export function isForAnother({ redrivenTo }: Metadata, { consumer }: { readonly consumer: string }): boolean {
  return redrivenTo !== undefined && redrivenTo !== consumer;
}

/** What a message of a topic's stream says about itself. The subject decides whether it was redriven, and to whom. */
export function decodeMessage(message: Msg): Metadata {
  const redrivenTo = redriveTarget(message);
  if (redrivenTo !== undefined) return { ...decodeHeadersOf(message, "redriven"), redrivenTo };
  const id = plainId(message);
  if (id === undefined || id.length > MAX_ID_LENGTH) return decodeHeadersOf(message, "event");
  return {
    id: id === "" ? undefined : id,
    attributes: NO_ATTRIBUTES,
    orderingKey: undefined,
    publishTimeMs: undefined,
    redrivenTo: undefined,
    undecodable: undefined,
  };
}

/** Reads the headers of a message that came from the server; never throws. */
export function decodeHeadersOf(message: Msg, origin: Origin): Metadata {
  const bytes = rawHeaders(message);
  if (bytes !== undefined) return decodeHeaders(bytes, origin);
  // Should the client ever keep the bytes elsewhere: through its class, which may throw.
  try {
    const headers = message.headers as (MsgHdrs & { encode(): Uint8Array }) | undefined;
    return decodeHeaders(headers?.encode() ?? NO_BYTES, origin);
  } catch {
    return unreadable("the client cannot read its headers", NO_BYTES);
  }
}

const NO_BYTES = new Uint8Array(0);

/** Reads a header block; other producers' messages need not have any. Only a letter's record is an attribute. Never throws. */
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
    id: id === "" || (id !== undefined && id.length > MAX_ID_LENGTH) ? undefined : id,
    attributes:
      attributes === undefined ? NO_ATTRIBUTES : encoded.includes("a") ? decodeAttributes(attributes) : attributes,
    orderingKey,
    publishTimeMs,
    redrivenTo: undefined,
    undecodable: undefined,
  };
}

const LETTERS_OWN: ReadonlySet<string> = new Set([DEAD_LETTER_ATTRIBUTE, RAW_HEADERS_ATTRIBUTE, INCOMPLETE_ATTRIBUTE]);

/** The attributes of a message that goes back from a letter. */
export function withoutLettersOwn(attributes: Attributes): Attributes {
  if (![...LETTERS_OWN].some((name) => name in attributes)) return attributes;
  const own = newAttributes();
  for (const name in attributes) if (!LETTERS_OWN.has(name)) own[name] = attributes[name] ?? "";
  return own;
}

/** An id of a stranger that is longer is not one that anybody made as an id: the place in the stream serves. */
const MAX_ID_LENGTH = 1024;

function unreadable(problem: string, block: Uint8Array): Metadata {
  const attributes = newAttributes();
  // So much that the letter can still be stored.
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

/** Our own names are never encoded: one that is was written by a publisher, to be taken for ours. It stays as it is. */
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

/** The id of a message that brought none: where the broker keeps it. */
export function brokerId(stream: string, sequence: number): string {
  return `${stream}:${sequence}`;
}

/** A header block as `publish` of the client takes it: it asks for the encoded bytes and nothing else. */
export class HeaderBlock {
  #block = "";

  set(block: string): MsgHdrs {
    this.#block = block;
    return this as unknown as MsgHdrs;
  }

  encode(): Uint8Array {
    return Buffer.from(this.#block, "utf8");
  }
}
