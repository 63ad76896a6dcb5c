import { createHash } from "node:crypto";
import type { Attributes, OutgoingMessage, StoredMessage } from "@anytopic/core/driver";
import { PubSubError } from "@anytopic/core/driver";
import type { Message, Options } from "amqplib";
import { headerText } from "./header-text.ts";
import { HEADER_ROOM_BYTES, MAX_HEADER_BYTES } from "./limits.ts";
import { uuidTimeMs } from "./uuid-time.ts";

type Headers = Record<string, unknown>;

const KEY_HEADER = "anytopic-key";
const ATTEMPT_HEADER = "anytopic-attempt";
/** Orders the messages of one key after a worker has died; see docs/adr/021-rabbitmq-ordering.md. */
const ORDER_HEADER = "anytopic-order";
/**
 * What RabbitMQ's own timestamp interceptor calls it; the `timestamp` property has whole seconds only. Left out when the id
 * tells the same, as ids of core do: a table of headers is the dearest part of a message.
 */
const TIME_HEADER = "timestamp_in_ms";
/** Put before the key of an attribute that cannot be a header by itself. */
const ESCAPE = "anytopic-attr:";

/** Headers that the broker adds, and changes on its own. */
const BROKERS_OWN = /^x-(?:death|delivery-count|acquired-count|(?:first|last)-death-.*)$/;
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

/** `nowMs` is the publish time of a foreign message that tells none. */
export function decodeMessage(message: Message, nowMs: number): DecodedMessage {
  const { properties, content } = message;
  const headers: Headers = properties.headers ?? {};
  const attributes = Object.create(null) as Record<string, string>;
  let orderingKey: string | undefined;
  let timeMs: number | undefined;
  let attempt = 1;
  let returns = 0;
  let order = 0;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (name === TIME_HEADER && typeof value === "number") timeMs = value;
    else if (name === KEY_HEADER && typeof value === "string" && value !== "") orderingKey = value;
    else if (name === ORDER_HEADER && typeof value === "number") order = value;
    else if (name === ATTEMPT_HEADER && isCount(value)) attempt = value;
    else if (name === "x-delivery-count" && isCount(value)) returns = value;
    else if (BROKERS_OWN.test(name)) continue;
    else attributes[name.startsWith(ESCAPE) ? name.slice(ESCAPE.length) : name] = headerText(value);
  }
  const id = text(properties.messageId) ?? contentId(message);
  return {
    id,
    body: content,
    attributes,
    orderingKey,
    publishTimeMs: timeMs ?? timestampMs(properties.timestamp, id) ?? nowMs,
    native: message,
    attempt: attempt + returns,
    returns,
    order,
  };
}

/** Properties to publish a received message again with, as it is but for the attempt it will be. */
export function retryProperties(
  message: Message,
  id: string,
  attempt: number,
  delayMs: number | undefined,
): Options.Publish {
  const { properties } = message;
  const headers: Headers = { [ATTEMPT_HEADER]: attempt };
  const received: Headers = properties.headers ?? {};
  for (const name of Object.keys(received)) {
    if (name !== ATTEMPT_HEADER && name !== "CC" && name !== "BCC" && !BROKERS_OWN.test(name))
      headers[name] = received[name];
  }
  // The broker refuses a userId that is not ours, and an expiration was for the way that the message has behind it.
  const { contentType, contentEncoding, priority, correlationId, replyTo, timestamp, type, appId } = properties;
  return {
    contentType,
    contentEncoding,
    priority,
    correlationId,
    replyTo,
    timestamp,
    type,
    appId,
    messageId: id,
    deliveryMode: 2,
    mandatory: true,
    headers,
    ...(delayMs === undefined ? {} : { expiration: String(delayMs) }),
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Seconds, says AMQP; but many write milliseconds. An id that begins with the same second knows the milliseconds. */
function timestampMs(value: unknown, id: string): number | undefined {
  if (typeof value !== "number" || value <= 0) return undefined;
  if (value >= 100_000_000_000) return value;
  const idMs = uuidTimeMs(id);
  return idMs !== undefined && Math.trunc(idMs / 1000) === value ? idMs : value * 1000;
}

/**
 * RabbitMQ gives messages no id of its own, so one without `message_id` is known by its contents: the same on every
 * delivery and every subscription, and shared by messages that do not differ in anything.
 */
function contentId({ content, properties }: Message): string {
  const received: Headers = properties.headers ?? {};
  const own = Object.keys(received).filter((name) => !BROKERS_OWN.test(name) && name !== ATTEMPT_HEADER);
  const { contentType, correlationId, timestamp, type, appId } = properties;
  const identity = [own.map((name) => [name, received[name]]), contentType, correlationId, timestamp, type, appId];
  return createHash("sha256").update(JSON.stringify(identity)).update(content).digest("base64url").slice(0, 22);
}
