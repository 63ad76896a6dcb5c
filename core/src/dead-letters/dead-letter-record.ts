import { inspect, types } from "node:util";

import type { DeadLetter, DeadLetterReason } from "../contract/dead-letter.ts";
import { expiresMsOf, withoutExpiry } from "../contract/expiry.ts";
import {
  DEAD_LETTER_ATTRIBUTE,
  type Attributes,
  type OutgoingMessage,
  type StoredMessage,
} from "../contract/message.ts";
import { boundedId, dateOf, resendable } from "../contract/received.ts";

const MAX_MESSAGE_LENGTH = 500;
const MAX_NAME_LENGTH = 100;
/** Two names of 63 characters and a slash. */
const MAX_SUBSCRIPTION_LENGTH = 127;

export interface Failure {
  readonly reason: DeadLetterReason;
  readonly error: unknown;
  readonly attempts: number;
  /** Unix ms. */
  readonly firstFailureMs: number | undefined;
  /** Unix ms. */
  readonly lastFailureMs: number;
  /** `topic/subscription`. */
  readonly subscription: string;
}

/** The record in the attribute, with short keys because every byte counts for the broker's limits. */
interface Wire {
  readonly reason: DeadLetterReason;
  readonly error: string;
  readonly message: string;
  readonly attempts: number;
  readonly first?: number | undefined;
  readonly last: number;
  readonly sub: string | undefined;
}

const NOT_ASCII = /[^ -~]/g;

/** JSON in ASCII only, which every broker carries unchanged. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    NOT_ASCII,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Name and message of a thrown value. It may be anything, and its name and message may be anything or throw. */
export function describeError(error: unknown): { readonly name: string; readonly message: string } {
  const kind = error === null ? "null" : typeof error;
  if (typeof error === "string") return { name: kind, message: error };
  try {
    // An error of another realm, as in test runners and `vm`, is not an instance of our `Error`.
    if (types.isNativeError(error) || error instanceof Error)
      return { name: textOf(error.name, "Error"), message: textOf(error.message, "") };
  } catch {
    return { name: "Error", message: "its own description threw" };
  }
  return { name: kind, message: "" };
}

function textOf(value: unknown, missing: string): string {
  if (typeof value === "string") return value;
  if (value === undefined) return missing;
  return inspect(value, { depth: 1, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80, maxArrayLength: 5 });
}

/** The message with its dead-letter record, for the dead-letter queue. */
export function letterOf(message: StoredMessage, failure: Failure): OutgoingMessage {
  const { name, message: text } = describeError(failure.error);
  const wire: Wire = {
    reason: failure.reason,
    error: name.slice(0, MAX_NAME_LENGTH),
    message: text.slice(0, MAX_MESSAGE_LENGTH),
    attempts: failure.attempts,
    first: failure.firstFailureMs,
    last: failure.lastFailureMs,
    sub: failure.subscription,
  };
  return {
    ...resendable(message),
    attributes: withAttribute(message.attributes, DEAD_LETTER_ATTRIBUTE, asciiJson(wire)),
  };
}

function withAttribute(attributes: Attributes, key: string, value: string): Attributes {
  const copy = Object.create(null) as Record<string, string>;
  for (const other of Object.keys(attributes)) copy[other] = attributes[other] as string;
  copy[key] = value;
  return Object.freeze(copy);
}

/** The attributes of a letter as the user gave them: without its record and without its time of expiry. */
export function withoutRecord(stored: Attributes): Attributes {
  const attributes = withoutExpiry(stored);
  if (!(DEAD_LETTER_ATTRIBUTE in attributes)) return attributes;
  const copy = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(attributes)) if (key !== DEAD_LETTER_ATTRIBUTE) copy[key] = attributes[key] as string;
  return Object.freeze(copy);
}

/** Reads a stored letter. The broker itself has stored a letter without a readable record: reason `"backstop"`. */
export function readLetter(stored: StoredMessage, subscription: string): DeadLetter {
  const wire = readWire(stored.attributes[DEAD_LETTER_ATTRIBUTE]);
  const expiresMs = expiresMsOf(stored.attributes);
  return Object.freeze({
    id: boundedId(stored.id),
    body: stored.body,
    attributes: withoutRecord(stored.attributes),
    orderingKey: stored.orderingKey,
    publishTime: dateOf(stored.publishTimeMs),
    expiresAt: expiresMs === undefined ? undefined : dateOf(expiresMs),
    reason: wire?.reason ?? "backstop",
    errorName: wire?.error ?? "",
    errorMessage: wire?.message ?? "the broker's own delivery limit was reached, because workers died again and again",
    attempts: wire?.attempts ?? 0,
    firstFailureTime: wire?.first === undefined ? undefined : dateOf(wire.first),
    lastFailureTime: dateOf(wire?.last ?? stored.publishTimeMs),
    subscription: wire?.sub ?? subscription,
  });
}

const REASONS: ReadonlySet<unknown> = new Set<DeadLetterReason>([
  "rejected",
  "retries-exhausted",
  "undecodable",
  "invalid",
  "expired",
  "backstop",
]);

/** Others may write to the queue, so every part is checked, and left out when it has a wrong type. */
function readWire(text: string | undefined): Wire | undefined {
  if (text === undefined) return undefined;
  let wire: Partial<Record<keyof Wire, unknown>> | null;
  try {
    wire = JSON.parse(text) as typeof wire;
  } catch {
    return undefined;
  }
  if (!REASONS.has(wire?.reason) || typeof wire?.last !== "number") return undefined;
  const { reason, error, message, attempts, first, last, sub } = wire;
  return {
    reason: reason as DeadLetterReason,
    error: typeof error === "string" ? error.slice(0, MAX_NAME_LENGTH) : "",
    message: typeof message === "string" ? message.slice(0, MAX_MESSAGE_LENGTH) : "",
    attempts: Number.isSafeInteger(attempts) && (attempts as number) >= 0 ? (attempts as number) : 0,
    first: typeof first === "number" ? first : undefined,
    last,
    sub: typeof sub === "string" ? sub.slice(0, MAX_SUBSCRIPTION_LENGTH) : undefined,
  };
}
