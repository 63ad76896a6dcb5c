import type { OutgoingMessage, StoredMessage } from "@anytopic/core/driver";
import { DEAD_LETTER_ATTRIBUTE } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { markUnreadable } from "./connection/guard-frames.ts";
import type { Headers } from "./wire/header-table.ts";
import { headerText } from "./wire/header-text.ts";
import { bodyId, contentId, ownId, uuidTimeMs } from "./wire/message-id.ts";
import { acquiredOf, isRepublished, isStoredLetter, ownCount, returnsOf } from "./wire/provenance.ts";
import { BODY_BYTES_HEADER, withHeaders, withoutSpill } from "./wire/spill.ts";

const KEY_HEADER = "anytopic-key";
export const ATTEMPT_HEADER = "anytopic-attempt";
/** The order of the messages of one key, for the time after a worker has died; see docs/adr/021-rabbitmq-ordering.md. */
const ORDER_HEADER = "anytopic-order";
/**
 * The name that RabbitMQ's timestamp interceptor uses; the `timestamp` property has whole seconds only. Left out if the id has the
 * same time, as ids of core do: a table of headers is the most expensive part of a message.
 */
const TIME_HEADER = "timestamp_in_ms";
/** On letters that we stored; see `newMark`. */
export const MARK_HEADER = "anytopic-letter";
/** On a message that was published again without its unreadable headers: it must not reach a handler. */
export const UNREADABLE_HEADER = "anytopic-unreadable";
/** Prefix for the key of an attribute that cannot be the name of a header. */
const ESCAPE = "anytopic-attr:";

/** Headers that the broker adds and changes. */
export const BROKERS_OWN: RegExp = /^x-(?:death|delivery-count|acquired-count|(?:first|last)-death-.*)$/;
/** Keys with a meaning for the broker (`CC` and `BCC` route), for the client library or for this codec. */
const UNSAFE_KEY =
  /^(?:CC|BCC|__proto__|timestamp_in_ms|x-death|x-delivery-count|x-acquired-count|x-(?:first|last)-death-.*)$/;

/** Whether an attribute's key is the name of its header. */
export function isSafeKey(key: string): boolean {
  return !UNSAFE_KEY.test(key);
}

/** The AMQP properties of a message; `order` is for one with an ordering key. Without headers if none is needed. */
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

/** A `Buffer` on the same memory, for amqplib. */
export function asBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

export interface DecodedMessage extends StoredMessage {
  /** 1 for the first delivery; counts retries that we published again, and returns. */
  readonly attempt: number;
  /** How often the message was given to a worker before. */
  readonly acquired: number;
  /** Its position among the messages of its key; 0 if unknown. */
  readonly order: number;
}

/** Headers that are never attributes. */
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

/**
 * A message of a subscription's queue. Never throws, since it is called from amqplib's read loop: from a message that cannot be
 * read it takes the body, and `unreadable` says so.
 *
 * @param nowMs the publish time of a foreign message that has none
 */
export function decodeMessage(message: Message, nowMs: number): DecodedMessage {
  try {
    const received: Headers = message.properties.headers ?? {};
    const returns = returnsOf(message, received);
    const { body, headers } = withoutSpill(message);
    const stored = decode(message, body, headers, nowMs);
    const republished = isRepublished(message, received) ? ownCount(received, ATTEMPT_HEADER) : undefined;
    if (republished !== undefined && received[UNREADABLE_HEADER] === true) markUnreadable(message.properties);
    const order = ownCount(headers, ORDER_HEADER) ?? 0;
    const acquired = acquiredOf(message, received);
    return { ...stored, attempt: Math.max(1, republished ?? 1) + returns, acquired, order };
  } catch {
    return { ...bodyOnly(message, nowMs), attempt: 1, acquired: 0, order: 0 };
  }
}

export interface DecodedLetter extends StoredMessage {
  /** Whether we stored it, with a record; see `isStoredLetter`. Otherwise the broker has dead-lettered it by itself. */
  readonly isStored: boolean;
  /** Differs from the mark of every other letter. Letters that the broker dead-lettered have none. */
  readonly mark: string | undefined;
}

/** The same for a message of a dead-letter queue. */
export function decodeLetter(message: Message, nowMs: number): DecodedLetter {
  try {
    const received: Headers = message.properties.headers ?? {};
    const isStored = isStoredLetter(message, received);
    const { body, headers } = withoutSpill(message);
    const stored = decode(message, body, headers, nowMs);
    const record = isStored ? ownText(headers, DEAD_LETTER_ATTRIBUTE) : undefined;
    if (record !== undefined) (stored.attributes as Record<string, string>)[DEAD_LETTER_ATTRIBUTE] = record;
    return { ...stored, isStored, mark: isStored ? ownText(received, MARK_HEADER) : undefined };
  } catch {
    return { ...bodyOnly(message, nowMs), isStored: false, mark: undefined };
  }
}

function bodyOnly(message: Message, nowMs: number): StoredMessage {
  markUnreadable(message.properties);
  const attributes = Object.create(null) as Record<string, string>;
  const { content: body } = message;
  return { id: bodyId(body), body, attributes, orderingKey: undefined, publishTimeMs: nowMs, native: message };
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

function ownText(headers: Headers, name: string): string | undefined {
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Only unsafe keys were escaped: any other name with that prefix is the choice of a foreign publisher. */
function attributeKey(name: string): string {
  const key = name.startsWith(ESCAPE) ? name.slice(ESCAPE.length) : name;
  return UNSAFE_KEY.test(key) ? key : name;
}

function publishersOwn(headers: Headers): [string, unknown][] {
  return Object.keys(headers)
    .filter((name) => !BROKERS_OWN.test(name) && name !== ATTEMPT_HEADER)
    .map((name) => [name, headers[name]]);
}

/** A letter with its mark, or a redriven message with its order. Foreign messages may be too large for a frame; see `withHeaders`. */
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

/** The latest time that a `Date` can have, in Unix ms. */
const LAST_TIME_MS = 8.64e15;

function timeOf(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= LAST_TIME_MS ? Math.trunc(value) : undefined;
}

/** AMQP defines seconds, but many publishers write milliseconds. An id that begins with the same second has the milliseconds. */
function timestampMs(value: unknown, id: string): number | undefined {
  if (typeof value !== "number" || value <= 0) return undefined;
  if (value >= 100_000_000_000) return timeOf(value);
  const idMs = uuidTimeMs(id);
  return idMs !== undefined && Math.trunc(idMs / 1000) === value ? idMs : value * 1000;
}
