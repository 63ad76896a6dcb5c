import {
  type Attributes,
  DEAD_LETTER_ATTRIBUTE,
  EXPIRES_ATTRIBUTE,
  isPlainId,
  type OutgoingMessage,
  RESERVED_ATTRIBUTE_PREFIX,
} from "@anytopic/core/driver";
import { ESCAPE_PREFIX, MAX_ATTRIBUTE_VALUE_BYTES } from "./limits.ts";
import type { WireMessage, WireOutgoing } from "./connection/rpc.ts";

/** The publisher's id. Foreign messages have none: their id is the service's. */
export const ID_ATTRIBUTE = "anytopic-id";
/** Unix ms of the first publish, on copies only: letters, redriven messages, messages that moved on. For others the service's time is used. */
export const TIME_ATTRIBUTE = "anytopic-publish-time";
/** Attempts before this copy was published, see docs/adr/040-gcp-retry.md. */
export const ATTEMPTS_ATTRIBUTE = "anytopic-attempts";

/** The service's own, on messages that its dead-letter policy forwarded. https://cloud.google.com/pubsub/docs/handling-failures#track-delivery-attempts */
const FORWARDED_ATTRIBUTE = "CloudPubSubDeadLetterSourceSubscription";
const FORWARDED_TIME_ATTRIBUTE = "CloudPubSubDeadLetterSourceTopicPublishTime";

const RESERVED = new RegExp(`^${RESERVED_ATTRIBUTE_PREFIX}`, "i");
const FIRST_RESERVED = RESERVED_ATTRIBUTE_PREFIX.charCodeAt(0);

/** The latest time of a `Date`. */
const MAX_TIME_MS = 8_640_000_000_000_000;
const MAX_ATTEMPTS = 1_000_000_000;

/** Tags and lengths of one attribute in protocol buffers, and our prefix if it is needed, rounded up. */
const ENTRY_BYTES = 20;
/** The same for body, key, id with its attribute's name, and the message in its request. */
const MESSAGE_BYTES = 48;

/** What a message says. `attributes` are the user's, with the record of a letter. */
export interface Decoded {
  readonly id: string;
  readonly attributes: Attributes;
  readonly publishTimeMs: number;
  readonly previousAttempts: number;
}

export function sizeOf(message: OutgoingMessage): number {
  let bytes = message.body.length + message.id.length + MESSAGE_BYTES;
  if (message.orderingKey !== undefined) bytes += Buffer.byteLength(message.orderingKey);
  const { attributes } = message;
  for (const key in attributes) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(attributes[key] as string) + ENTRY_BYTES;
  }
  return bytes;
}

/** A message as it is first published: with the user's attributes and the id only. */
export function encodeMessage(message: OutgoingMessage): WireOutgoing {
  const attributes: Record<string, string> = { [ID_ATTRIBUTE]: message.id };
  const given = message.attributes;
  for (const key in given) {
    const value = given[key] as string;
    if (key === DEAD_LETTER_ATTRIBUTE) addRecord(attributes, value);
    else attributes[mustEscape(key) ? ESCAPE_PREFIX + key : key] = value;
  }
  const { orderingKey } = message;
  return orderingKey === undefined
    ? { data: message.body, attributes }
    : { data: message.body, attributes, orderingKey };
}

/** A copy: with the time when the original was published, and the number of its attempts. */
export function encodeCopy(message: OutgoingMessage, previousAttempts = 0): WireOutgoing {
  const wire = encodeMessage(message);
  wire.attributes[TIME_ATTRIBUTE] = String(message.publishTimeMs);
  if (previousAttempts > 0) wire.attributes[ATTEMPTS_ATTRIBUTE] = String(previousAttempts);
  return wire;
}

/**
 * Where a message comes from, and so who wrote its attributes. `"topic"`: a publisher. `"redrive"`: a worker or an operator.
 * `"letters"`: a worker, unless the service forwarded what a publisher wrote.
 */
export type Origin = "topic" | "redrive" | "letters";

/** Never throws. Reserved attributes are ours, and are trusted only where nobody else can have written them. */
export function decodeMessage(message: WireMessage, origin: Origin, nowMs: number): Decoded {
  const attributes = Object.create(null) as Record<string, string>;
  const given = message.attributes;
  const forwarded = origin === "letters" && given[FORWARDED_ATTRIBUTE] !== undefined;
  const ours = origin !== "topic" && !forwarded;
  let id = message.messageId;
  let publishTimeMs: number | undefined;
  let previousAttempts = 0;
  let record: string | undefined;
  for (const key in given) {
    const value = given[key] as string;
    if (!isReserved(key) || key === EXPIRES_ATTRIBUTE) attributes[key] = value;
    else if (key === ID_ATTRIBUTE) id = isPlainId(value) ? value : id;
    else if (key.startsWith(ESCAPE_PREFIX)) addEscaped(attributes, key.slice(ESCAPE_PREFIX.length), value);
    else if (!ours) continue;
    else if (key === TIME_ATTRIBUTE) publishTimeMs = wholeNumber(value, MAX_TIME_MS);
    else if (key === ATTEMPTS_ATTRIBUTE) previousAttempts = wholeNumber(value, MAX_ATTEMPTS) ?? 0;
    else if (key === DEAD_LETTER_ATTRIBUTE) record = joinedRecord(given, value);
  }
  if (record !== undefined && origin === "letters") attributes[DEAD_LETTER_ATTRIBUTE] = record;
  if (forwarded) publishTimeMs = timeIn(given[FORWARDED_TIME_ATTRIBUTE] ?? "");
  return { id, attributes, publishTimeMs: publishTimeMs ?? millisecondsOf(message, nowMs), previousAttempts };
}

function isReserved(key: string): boolean {
  // A quick test first, because this is called for every key.
  return (key.charCodeAt(0) | 0x20) === FIRST_RESERVED && RESERVED.test(key);
}

/** Other escaped keys are dropped: a publisher could hide a reserved one behind the prefix. */
function addEscaped(attributes: Record<string, string>, key: string, value: string): void {
  if (mustEscape(key)) attributes[key] = value;
}

/** Keys that the service refuses (`goog…`, empty) or writes itself, and one that the JavaScript decoder loses. Users cannot use keys that begin like our prefix. */
function mustEscape(key: string): boolean {
  return key === "" || key === "__proto__" || /^(?:goog|CloudPubSubDeadLetterSource)/i.test(key);
}

/** Whether an attribute travels under its own key. */
export function isPlainKey(key: string): boolean {
  return !mustEscape(key);
}

/** A record is ASCII. It may be longer than one attribute if the message of its error is not ASCII. */
function addRecord(attributes: Record<string, string>, record: string): void {
  attributes[DEAD_LETTER_ATTRIBUTE] = record.slice(0, MAX_ATTRIBUTE_VALUE_BYTES);
  for (let part = 2, start = MAX_ATTRIBUTE_VALUE_BYTES; start < record.length; part += 1) {
    attributes[`${DEAD_LETTER_ATTRIBUTE}-${part}`] = record.slice(start, start + MAX_ATTRIBUTE_VALUE_BYTES);
    start += MAX_ATTRIBUTE_VALUE_BYTES;
  }
}

function joinedRecord(given: Readonly<Record<string, string>>, first: string): string {
  let record = first;
  for (let part = 2; ; part += 1) {
    const next = given[`${DEAD_LETTER_ATTRIBUTE}-${part}`];
    if (next === undefined) return record;
    record += next;
  }
}

function wholeNumber(text: string, max: number): number | undefined {
  const number = Number(text);
  return /^\d{1,16}$/.test(text) && number <= max ? number : undefined;
}

function millisecondsOf({ publishTime }: WireMessage, nowMs: number): number {
  if (publishTime === null || publishTime === undefined) return nowMs;
  return Number(publishTime.seconds ?? 0) * 1000 + Math.floor((publishTime.nanos ?? 0) / 1_000_000);
}

function timeIn(text: string): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
  return ms >= 0 ? ms : undefined;
}
