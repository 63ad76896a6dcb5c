import type { Attributes, OutgoingMessage, StoredMessage } from "@anytopic/core/driver";
import { DEAD_LETTER_ATTRIBUTE, PubSubError } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { markUnreadable } from "./connection/guard-frames.ts";
import type { Headers } from "./wire/header-table.ts";
import { headerText } from "./wire/header-text.ts";
import { HEADER_ROOM_BYTES, MAX_HEADER_BYTES } from "./limits.ts";
import { contentId, ownId } from "./wire/message-id.ts";
import { isRepublished, isStoredLetter, ownCount, returnsOf } from "./wire/provenance.ts";
import { BODY_BYTES_HEADER, withHeaders, withoutSpill } from "./wire/spill.ts";
import { uuidTimeMs } from "./wire/uuid-time.ts";

const KEY_HEADER = "anytopic-key";
export const ATTEMPT_HEADER = "anytopic-attempt";
/** Orders the messages of one key after a worker has died; see docs/adr/021-rabbitmq-ordering.md. */
const ORDER_HEADER = "anytopic-order";
/**
 * What RabbitMQ's own timestamp interceptor calls it; the `timestamp` property has whole seconds only. Left out when the id
 * tells the same, as ids of core do: a table of headers is the dearest part of a message.
 */
const TIME_HEADER = "timestamp_in_ms";
/** Of a letter that was stored by us, see `newMark`. */
export const MARK_HEADER = "anytopic-letter";
/** Of a message that went on without its headers, since they could not be read: it is still not for a handler. */
export const UNREADABLE_HEADER = "anytopic-unreadable";
/** Put before the key of an attribute that cannot be a header by itself. */
const ESCAPE = "anytopic-attr:";

/** Headers that the broker adds, and changes on its own. */
export const BROKERS_OWN: RegExp = /^x-(?:death|delivery-count|acquired-count|(?:first|last)-death-.*)$/;
/** Keys with a meaning to the broker (`CC` and `BCC` route), to the client library or to this codec. */
const UNSAFE_KEY =
  /^(?:CC|BCC|__proto__|timestamp_in_ms|x-death|x-delivery-count|x-acquired-count|x-(?:first|last)-death-.*)$/;

/** Room for method, property flags, id, timestamps, names of our headers. */
const FIXED_BYTES = 100;
/** Type and length of a name and a value in a header table. */
const ENTRY_BYTES = 6;

/** Body, attributes, key and our own metadata. */
export function sizeOf(message: OutgoingMessage): number {
  let bytes = message.body.byteLength + FIXED_BYTES + message.id.length;
  if (message.orderingKey !== undefined) bytes += Buffer.byteLength(message.orderingKey) + 40;
  return bytes + attributeBytes(message.attributes);
}

function attributeBytes(attributes: Attributes): number {
  let bytes = 0;
  for (const key in attributes) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(attributes[key] ?? "") + ENTRY_BYTES;
  }
  return bytes;
}

/**
 * `LIMIT_EXCEEDED` when attributes together do not fit into a header table. Each alone is bounded by the capabilities,
 * which know no sum.
 */
export function headerRefusal(attributes: Attributes): PubSubError | undefined {
  const bytes = attributeBytes(attributes);
  const most = MAX_HEADER_BYTES - HEADER_ROOM_BYTES;
  if (bytes <= most) return undefined;
  return new PubSubError(
    "LIMIT_EXCEEDED",
    `attributes are ${bytes} bytes together: RabbitMQ carries at most ${most} bytes of them; put large values into the body`,
  );
}

/** AMQP properties of a message; `order` for one with an ordering key. Has no headers where none is needed. */
export function encodeProperties(
  message: OutgoingMessage,
  order: number | undefined,
  contentType: string | undefined,
): Options.Publish {
  const timeMs = Math.trunc(message.publishTimeMs);
  const properties: Options.Publish = {
    deliveryMode: 2,
    messageId: message.id,
    timestamp: Math.trunc(timeMs / 1000),
    headers: encodeHeaders(message, timeMs, order),
  };
  if (contentType !== undefined) properties.contentType = contentType;
  return properties;
}

function encodeHeaders(message: OutgoingMessage, timeMs: number, order: number | undefined): Headers | undefined {
  let headers: Headers | undefined;
  if (uuidTimeMs(message.id) !== timeMs) headers = { [TIME_HEADER]: timeMs };
  if (message.orderingKey !== undefined) {
    headers ??= {};
    headers[KEY_HEADER] = message.orderingKey;
    if (order !== undefined) headers[ORDER_HEADER] = order;
  }
  for (const key in message.attributes) {
    headers ??= {};
    headers[UNSAFE_KEY.test(key) ? ESCAPE + key : key] = message.attributes[key];
  }
  return headers;
}

/** A `Buffer` on the same memory, which is what amqplib takes. */
export function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** What a delivered message says about itself. */
export interface DecodedMessage extends StoredMessage {
  /** The first delivery is 1; counts republished retries and what the broker saw come back. */
  readonly attempt: number;
  /** How often the broker saw it come back to its queue. */
  readonly returns: number;
  /** Position among the messages of its key; 0 when it tells none. */
  readonly order: number;
}

/** Ours, or the broker's: never an attribute. */
const NO_ATTRIBUTE: ReadonlySet<string> = new Set([
  TIME_HEADER,
  KEY_HEADER,
  ORDER_HEADER,
  ATTEMPT_HEADER,
  MARK_HEADER,
  BODY_BYTES_HEADER,
  UNREADABLE_HEADER,
  DEAD_LETTER_ATTRIBUTE,
]);

/** A message of a subscription's queue. `nowMs` is the publish time of a foreign message that tells none. */
export function decodeMessage(message: Message, nowMs: number): DecodedMessage {
  const received: Headers = message.properties.headers ?? {};
  const returns = returnsOf(message, received);
  const { body, headers } = withoutSpill(message);
  const stored = decode(message, body, headers, nowMs);
  const republished = isRepublished(message, received) ? ownCount(received, ATTEMPT_HEADER) : undefined;
  if (republished !== undefined && received[UNREADABLE_HEADER] === true) markUnreadable(message.properties);
  const order = ownCount(headers, ORDER_HEADER) ?? 0;
  return { ...stored, attempt: Math.max(1, republished ?? 1) + returns, returns, order };
}

export interface DecodedLetter extends StoredMessage {
  /** Whether it was stored by us, see `isStoredLetter`: then it has a record. Else the broker has dead-lettered it by itself. */
  readonly isStored: boolean;
  /** What tells it from all others; letters that the broker dead-lettered have none yet. */
  readonly mark: string | undefined;
}

/** A message of a dead-letter queue. */
export function decodeLetter(message: Message, nowMs: number): DecodedLetter {
  const received: Headers = message.properties.headers ?? {};
  const isStored = isStoredLetter(message, received);
  const { body, headers } = withoutSpill(message);
  const stored = decode(message, body, headers, nowMs);
  const record = isStored ? ownText(headers, DEAD_LETTER_ATTRIBUTE) : undefined;
  if (record !== undefined) (stored.attributes as Record<string, string>)[DEAD_LETTER_ATTRIBUTE] = record;
  return { ...stored, isStored, mark: isStored ? ownText(received, MARK_HEADER) : undefined };
}

function ownText(headers: Headers, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

function decode(message: Message, body: Buffer, headers: Headers, nowMs: number): StoredMessage {
  const attributes = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    if (!NO_ATTRIBUTE.has(name) && !BROKERS_OWN.test(name)) attributes[attributeKey(name)] = headerText(headers[name]);
  }
  const orderingKey = ownText(headers, KEY_HEADER);
  const id = ownId(message) ?? contentId(message, publishersOwn(headers));
  const timeMs = timeOf(Object.hasOwn(headers, TIME_HEADER) ? headers[TIME_HEADER] : undefined);
  const publishTimeMs = timeMs ?? timestampMs(message.properties.timestamp, id) ?? nowMs;
  return { id, body, attributes, orderingKey, publishTimeMs, native: message };
}

/** Only what had to be escaped was: anything else under that prefix is a name that somebody else has chosen. */
function attributeKey(name: string): string {
  const key = name.startsWith(ESCAPE) ? name.slice(ESCAPE.length) : name;
  return UNSAFE_KEY.test(key) ? key : name;
}

function publishersOwn(headers: Headers): [string, unknown][] {
  return Object.keys(headers)
    .filter((name) => !BROKERS_OWN.test(name) && name !== ATTEMPT_HEADER)
    .map((name) => [name, headers[name]]);
}

/** A letter with its mark, or a message that is put back with its order: from anywhere, so it may not fit as it is. */
export function encodeStored(
  message: OutgoingMessage,
  { order, mark }: { readonly order?: number | undefined; readonly mark?: string },
  contentType: string | undefined,
  maxHeaderBytes: number,
): Sendable {
  const properties = encodeProperties(message, order, contentType);
  const always: Headers = mark === undefined ? {} : { [MARK_HEADER]: mark };
  const { body, headers } = withHeaders(asBuffer(message.body), properties.headers ?? {}, maxHeaderBytes, always);
  return { body, properties: { ...properties, headers } };
}

export interface Sendable {
  readonly body: Buffer;
  readonly properties: Options.Publish;
}

/** The latest time that JavaScript has a `Date` for, in Unix ms. */
const LAST_TIME_MS = 8.64e15;

function timeOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LAST_TIME_MS ? Math.trunc(value) : undefined;
}

/** Seconds, says AMQP; but many write milliseconds. An id that begins with the same second knows the milliseconds. */
function timestampMs(value: unknown, id: string): number | undefined {
  if (typeof value !== "number" || value <= 0) return undefined;
  if (value >= 100_000_000_000) return timeOf(value);
  const idMs = uuidTimeMs(id);
  return idMs !== undefined && Math.trunc(idMs / 1000) === value ? idMs : value * 1000;
}
