import type { RetryPolicyOptions } from "../declare/retry-policy.ts";
import type { Provisioning } from "../options/connect-limits.ts";
import type { PublishLimits } from "../options/publish-limits.ts";

/** What `anytopic.config.json` holds. Every string may hold `${VARIABLE}` and `${VARIABLE:-fallback}`; `$${` stands for `${`. */
export interface AnytopicConfig {
  /** Where editors find the schema. */
  readonly $schema?: string | undefined;
  /** The connection of everything that names none. @default the only connection there is */
  readonly default?: string | undefined;
  readonly connections?: Readonly<Record<string, ConnectionConfig>> | undefined;
  /** @default "ensure" */
  readonly provisioning?: Provisioning | undefined;
  readonly publish?: PublishLimits | undefined;
  /** How long `close()` waits for running handlers, in ms; 0 to 3,600,000. @default 30_000 */
  readonly closeTimeoutMs?: number | undefined;
  readonly topics?: Readonly<Record<string, TopicConfig>> | undefined;
  /** Modules that export the declarations, for the command line; paths relative to the file. */
  readonly declarations?: readonly string[] | undefined;
}

export interface ConnectionConfig {
  /** `memory:`, `nats://host`, `amqp://host`, `aws://region`, `gcp://project`. */
  readonly url: string;
  /** The adapter's options beyond its URL, see its README. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

export interface TopicConfig {
  /** Where events are published to and, unless its subscriptions say otherwise, taken from. @default the default connection */
  readonly connection?: string | undefined;
  /** A second connection that every event is published to as well, with the same id, while a topic moves. */
  readonly mirror?: string | undefined;
  /** The name on the broker. @default the declared name */
  readonly name?: string | undefined;
  readonly subscriptions?: Readonly<Record<string, SubscriptionConfig>> | undefined;
}

/** What it names replaces what the declaration says. */
export interface SubscriptionConfig {
  /** Connections that a worker takes from at the same time; several while a topic moves. @default the topic's connection */
  readonly connections?: readonly string[] | undefined;
  /** The name on the broker. @default the declared name */
  readonly name?: string | undefined;
  /** Handlers at the same time in one worker; 1 to 100,000. @default the declaration's */
  readonly maxConcurrency?: number | undefined;
  /** Messages fetched ahead of free handlers; 0 to 100,000. @default `maxConcurrency`, at most 1000 */
  readonly prefetch?: number | undefined;
  /** The lease of one delivery, in ms; 1 s to 10 minutes. @default the declaration's */
  readonly ackDeadlineMs?: number | undefined;
  /** The longest time one attempt may take, in ms; `ackDeadlineMs` to 12 hours. @default the declaration's, or `ackDeadlineMs` when that is longer */
  readonly maxHandlingMs?: number | undefined;
  /** Replaces parts of the declared one. Retries without end are `"Infinity"`, since JSON has no such number. */
  readonly retryPolicy?:
    | (Omit<RetryPolicyOptions, "maxRetries"> & { readonly maxRetries?: number | "Infinity" | undefined })
    | undefined;
}

/** A checked configuration, variables replaced. Frozen. */
export interface LoadedConfig {
  readonly default: string;
  readonly connections: Readonly<
    Record<string, { readonly url: string; readonly options: Readonly<Record<string, unknown>> }>
  >;
  readonly provisioning: Provisioning | undefined;
  readonly publish: PublishLimits;
  readonly closeTimeoutMs: number | undefined;
  readonly topics: Readonly<Record<string, LoadedTopic>>;
  /** Absolute paths. */
  readonly declarations: readonly string[];
}

export interface LoadedTopic extends Omit<TopicConfig, "subscriptions"> {
  readonly subscriptions: Readonly<Record<string, LoadedSubscription>>;
}

export interface LoadedSubscription extends Omit<SubscriptionConfig, "retryPolicy"> {
  readonly retryPolicy?: RetryPolicyOptions | undefined;
}
