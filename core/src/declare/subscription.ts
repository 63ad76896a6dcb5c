import { requireName } from "./declared-name.ts";
import {
  integerOption,
  limitsFrom,
  type NumberLimits,
  rejectUnknownKeys,
  requireChoice,
} from "../options/option-checks.ts";
import { checkedFilter, type SubscriptionFilter } from "./filter.ts";
import { checkedRetryPolicy, type RetryPolicy, type RetryPolicyOptions } from "./retry-policy.ts";
import { checkedCircuitPolicy, type CircuitPolicy, type CircuitPolicyOptions } from "./circuit-policy.ts";
import { checkedRateLimit, type RateLimit } from "./rate-limit.ts";
import type { StandardResult } from "./standard-schema.ts";
import type { AnyTopic, Topic } from "./topic.ts";
import { isDeclaration, notADeclaration } from "./wrong-argument.ts";

/** What `defineSubscription` declares beside topic and name. */
export interface SubscriptionOptions {
  /** The lease of one delivery, in ms; 1 s to 10 minutes. It is renewed while the handler runs. The messages of a worker that dies are redelivered after at most this time. @default 30_000 */
  readonly ackDeadlineMs?: number | undefined;
  /** Handlers at the same time in one worker; 1 to 100,000. @default 100 */
  readonly maxConcurrency?: number | undefined;
  /** The longest time one attempt may take, in ms; `ackDeadlineMs` to 12 hours. After it the signal aborts, and the attempt counts as failed. @default 15 minutes, or `ackDeadlineMs` when that is longer */
  readonly maxHandlingMs?: number | undefined;
  /** How often a failed message is retried, and when. @default those of `RetryPolicyOptions` */
  readonly retryPolicy?: RetryPolicyOptions | undefined;
  /**
   * What becomes of a message whose `expiresAt` passes before it is handled. `"drop"`: it is acknowledged, and the observer is told
   * (`"skipped"`). `"dead-letter"`: it becomes a dead letter with the reason `"expired"`. @default "drop"
   */
  readonly onExpired?: OnExpired | undefined;
  /**
   * Which messages this subscription takes, by their attributes: `{ region: ["eu", "us"], tier: { not: "free" } }`. All others are
   * acknowledged: they start no handler, spend no attempt and leave no letter. At most 10 keys and 100 values. @default every message
   */
  readonly filter?: SubscriptionFilter | undefined;
  /** At most `max` attempts start in any span of `perMs` in one worker, retries too. @default no limit */
  readonly rate?: RateLimit | undefined;
  /** When failed attempts in a row show that something that the handler needs is down, nothing starts for a while in that worker. @default no circuit */
  readonly circuit?: CircuitPolicyOptions | undefined;
}

/** What becomes of a message that was not handled before its `expiresAt`: it is acknowledged, or becomes a dead letter. */
export type OnExpired = "drop" | "dead-letter";
export const ON_EXPIRED: readonly OnExpired[] = ["drop", "dead-letter"];

/** `maxHandlingMs` must also be at least `ackDeadlineMs`. */
export const SUBSCRIPTION_LIMITS: Readonly<
  Record<Exclude<keyof SubscriptionOptions, "retryPolicy" | "onExpired" | "filter" | "rate" | "circuit">, NumberLimits>
> = {
  ackDeadlineMs: { min: 1000, max: 600_000, unit: "ms", default: 30_000 },
  maxConcurrency: { min: 1, max: 100_000, default: 100 },
  maxHandlingMs: { min: 1000, max: 12 * 60 * 60 * 1000, unit: "ms", default: 15 * 60 * 1000 },
};
/** For `prefetch` of `subscribe`. Its default is `maxConcurrency` where that is less. */
export const PREFETCH_LIMITS: NumberLimits = { min: 0, max: 100_000, default: 1000 };
const OPTIONS = [...Object.keys(SUBSCRIPTION_LIMITS), "retryPolicy", "onExpired", "filter", "rate", "circuit"];

/** A subscription of any type of event, for functions that do not look at events. */
export interface AnySubscription {
  readonly kind: "subscription";
  readonly name: string;
  readonly topic: AnyTopic;
  readonly ackDeadlineMs: number;
  readonly maxConcurrency: number;
  readonly maxHandlingMs: number;
  readonly retryPolicy: RetryPolicy;
  readonly onExpired: OnExpired;
  /** `undefined`: it takes every message. */
  readonly filter: SubscriptionFilter | undefined;
  readonly rate: RateLimit | undefined;
  readonly circuit: CircuitPolicy | undefined;
}

export type Declaration = AnyTopic | AnySubscription;

/**
 * A declared subscription: a frozen value. All workers that open it compete for its messages.
 *
 * @template Event what handlers receive: the output of the topic's schema
 */
export interface Subscription<Event = unknown> extends AnySubscription {
  readonly topic: ConsumedTopic<Event>;
}

/** A topic as its subscriptions see it: without the type of what is published. */
export interface ConsumedTopic<Event> extends AnyTopic {
  readonly schema:
    | {
        readonly "~standard": {
          readonly validate: (value: unknown) => StandardResult<Event> | Promise<StandardResult<Event>>;
        };
      }
    | undefined;
  readonly codec: { readonly name: string; decode(body: Uint8Array): unknown };
}

/**
 * Declares a subscription of `topic`. Contacts nobody.
 *
 * @throws TypeError when the name or an option is not allowed; the message names it, its value and the permitted range
 */
export function defineSubscription<Input, Output>(
  topic: Topic<Input, Output>,
  name: string,
  options: SubscriptionOptions = {},
): Subscription<Output> {
  requireName("subscription name", name);
  const what = `subscription ${JSON.stringify(name)}`;
  if (!isDeclaration("topic", topic)) {
    const hint = typeof topic === "string" ? "the topic comes first, then the name" : "";
    throw new TypeError(`${what}: ${notADeclaration("topic", topic, hint).message}`);
  }
  rejectUnknownKeys(what, options, OPTIONS);
  const limits = SUBSCRIPTION_LIMITS;
  const ackDeadlineMs = integerOption(`${what}: ackDeadlineMs`, options.ackDeadlineMs, limits.ackDeadlineMs);
  return Object.freeze({
    kind: "subscription",
    name,
    topic,
    ackDeadlineMs,
    maxConcurrency: integerOption(`${what}: maxConcurrency`, options.maxConcurrency, limits.maxConcurrency),
    maxHandlingMs: integerOption(
      `${what}: maxHandlingMs`,
      options.maxHandlingMs,
      limitsFrom(ackDeadlineMs, limits.maxHandlingMs),
    ),
    retryPolicy: checkedRetryPolicy(`${what}: retryPolicy`, options.retryPolicy ?? {}),
    onExpired: requireChoice(`${what}: onExpired`, options.onExpired ?? "drop", ON_EXPIRED),
    filter: options.filter === undefined ? undefined : checkedFilter(`${what}: filter`, options.filter),
    rate: options.rate === undefined ? undefined : checkedRateLimit(`${what}: rate`, options.rate),
    circuit: options.circuit === undefined ? undefined : checkedCircuitPolicy(`${what}: circuit`, options.circuit),
  });
}

/** `topic/subscription`: what a subscription is called in logs, records and stores. */
export function subscriptionPath({ topic, name }: AnySubscription): string {
  return `${topic.name}/${name}`;
}
