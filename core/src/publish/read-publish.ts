import { types } from "node:util";

import { kindOf, shown } from "../base/shown.ts";
import { boundedTimeMs } from "../contract/received.ts";
import { withExpiry } from "../contract/expiry.ts";
import { copiedAttributes, NO_ATTRIBUTES } from "../contract/checked-attributes.ts";
import type { Clock } from "../base/clock.ts";
import { bodyOf, validatedEvent } from "./encoded-event.ts";
import { IdSigner } from "./id-signer.ts";
import { createIdGenerator, requireId, requireMadeId, type IdGenerator } from "../contract/message-id.ts";
import { PendingPublish } from "./pending-publish.ts";
import type { PublishOptions } from "./publish-options.ts";
import { readDue } from "./read-due.ts";
import type { Topic } from "../declare/topic.ts";
import { isDeclaration, notADeclaration } from "../declare/wrong-argument.ts";

/** What `readPublish` and `readEncoded` need. */
export interface PublishReader {
  readonly clock: Clock;
  readonly newId: IdGenerator;
  /** Present when ids are signed. */
  readonly signer: IdSigner | undefined;
}

/** @param random for ids; see `ConnectOptions` */
export function publishReader(
  clock: Clock,
  idSecret: string | undefined,
  newId: ((topic: string) => string) | undefined,
  random: (() => number) | undefined,
): PublishReader {
  return {
    clock,
    newId: newId === undefined ? createIdGenerator(random) : (_, topic) => requireMadeId(newId(topic)),
    signer: idSecret === undefined ? undefined : new IdSigner(idSecret),
  };
}

const NO_OPTIONS: PublishOptions = Object.freeze({});

/**
 * Reads all arguments of a publish once, at the time of the call and before the first `await` (C31): later changes by the caller have
 * no effect. Limits are checked later, when the connection is known.
 *
 * @throws the errors with which `publish` rejects before anything is sent, except those of limits and of asynchronous schemas
 */
export function readPublish<Input>(
  topic: Topic<Input, unknown>,
  event: Input,
  options: PublishOptions | undefined,
  reader: PublishReader,
): PendingPublish {
  if (topic?.kind !== "topic") throw notATopic(topic, event);
  const { attributes, id, expiresAt, deliverAt, delayMs, signal } = requireOptions(options);
  if (signal?.aborted === true) throw signal.reason;
  const checked = topic.schema === undefined ? undefined : validatedEvent(topic, event, topic.schema);
  const body = checked === undefined ? bodyOf(topic, event) : checked.body;
  const own =
    topic.attributes === undefined && attributes === undefined
      ? NO_ATTRIBUTES
      : copiedAttributes(topic.attributes?.(event), attributes);
  const copied = expiresAt === undefined ? own : withExpiry(own, requireExpiryMs(expiresAt));
  const key = topic.orderingKey === undefined ? undefined : requireKey(topic.name, topic.orderingKey(event));
  const nowMs = reader.clock.now();
  const ownId = id === undefined ? reader.newId(nowMs, topic.name) : requireId(id);
  const { signer } = reader;
  const pending = new PendingPublish(
    signer === undefined ? ownId : signer.sign(topic.name, ownId),
    body,
    copied,
    key,
    nowMs,
  );
  if (deliverAt !== undefined || delayMs !== undefined) {
    pending.due = readDue(topic.name, deliverAt, delayMs, key, nowMs);
  }
  if (signal !== undefined) pending.signal = signal;
  if (checked !== undefined) pending.valid = checked.valid;
  return pending;
}

function requireOptions(options: PublishOptions | undefined): PublishOptions {
  if (options === undefined) return NO_OPTIONS;
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`publish: options are ${kindOf(options)}: must be an object`);
}

function requireExpiryMs(expiresAt: unknown): number {
  const isDate = types.isDate(expiresAt);
  const ms = isDate ? expiresAt.getTime() : Number.NaN;
  if (boundedTimeMs(ms) === ms) return ms;
  const is = isDate ? `a Date with the time ${ms}` : shown(expiresAt);
  throw new TypeError(`publish: expiresAt is ${is}: must be a Date of the years 1970 to 9999`);
}

function requireKey(topic: string, key: unknown): string {
  if (typeof key === "string" && key !== "" && key.isWellFormed()) return key;
  const is = typeof key !== "string" ? kindOf(key) : key === "" ? "empty" : "text with a lone surrogate";
  throw new TypeError(`topic "${topic}": what orderingKey returned is ${is}: must be well-formed text, not empty`);
}

function notATopic(topic: unknown, event: unknown): TypeError {
  const hint = isDeclaration("topic", event) ? "the topic comes first, then the event: publish(topic, event)" : "";
  return notADeclaration("topic", topic, hint);
}
