import type { SubscriptionFilter } from "../declare/filter.ts";
import type { CircuitPolicyOptions } from "../declare/circuit-policy.ts";
import type { RateLimit } from "../declare/rate-limit.ts";
import type { RetryPolicyOptions } from "../declare/retry-policy.ts";
import type { OnExpired } from "../declare/subscription.ts";
import type { Provisioning } from "../options/connect-limits.ts";
import type { PublishLimits } from "../options/publish-limits.ts";

/** The content of `anytopic.config.json`. Every string may contain `${VARIABLE}` and `${VARIABLE:-fallback}`; write `$${` for a plain `${`. */
export interface AnytopicConfig {
  /** Where editors find the schema. @default none */
  readonly $schema?: string | undefined;
  /** The connection of topics and subscriptions that name none. @default the only connection, when there is one */
  readonly default?: string | undefined;
  /** Brokers by the name of the connection. @default the URL of `connect` or `ANYTOPIC_URL` only */
  readonly connections?: Readonly<Record<string, ConnectionConfig>> | undefined;
  /** @default "ensure" */
  readonly provisioning?: Provisioning | undefined;
  /** Limits of publishing, per topic. @default those of `PublishLimits` */
  readonly publish?: PublishLimits | undefined;
  /** How long `close()` waits for running handlers, in ms; 0 to 3,600,000. @default 30_000 */
  readonly closeTimeoutMs?: number | undefined;
  /** By the declared name of the topic. @default all as declared, on the default connection */
  readonly topics?: Readonly<Record<string, TopicConfig>> | undefined;
  /** Modules that export the declarations, for the command line; paths relative to the file. @default none */
  readonly declarations?: readonly string[] | undefined;
}

/**
 * The options of each adapter, by the schemes of its URLs. The package of an adapter adds its own:
 * `declare module "@anytopic/core/config" { interface AdapterOptions { nats: NatsOptions } }`.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- packages add to it
export interface AdapterOptions {}

/** One broker of a configuration. */
export interface ConnectionConfig {
  /** `memory:`, `nats://host`, `amqp://host`, `redis://host`, `aws://region`, `gcp://project`. */
  readonly url: string;
  /** Options of the adapter that are not in its URL, see its README. @default none */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
}

/** What a configuration says about one topic. */
export interface TopicConfig {
  /** The connection to publish on, and to receive from unless a subscription names others. @default the default connection */
  readonly connection?: string | undefined;
  /** A second connection on which every event is published as well, with the same id, while a topic moves to another broker. @default none */
  readonly mirror?: string | undefined;
  /** The name on the broker. @default the declared name */
  readonly name?: string | undefined;
  /** By the declared name of the subscription. @default none */
  readonly subscriptions?: Readonly<Record<string, SubscriptionConfig>> | undefined;
}

/** Each option here replaces the same option of the declaration. */
export interface SubscriptionConfig {
  /** The connections from which a worker receives at the same time; several while a topic moves to another broker. @default the topic's connection */
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
  /** Replaces parts of what the code says about batches, where its handler takes batches. @default the code's */
  readonly batch?: Partial<BatchConfig> | undefined;
  /** What becomes of a message that was not handled before its `expiresAt`. @default the declaration's */
  readonly onExpired?: OnExpired | undefined;
  /** Each option here replaces the same option of the declared policy. Retries without end are `"Infinity"`, because JSON has no such number. @default the declaration's */
  readonly retryPolicy?:
    | (Omit<RetryPolicyOptions, "maxRetries"> & { readonly maxRetries?: number | "Infinity" | undefined })
    | undefined;
  /** Replaces the whole declared filter. @default the declaration's */
  readonly filter?: SubscriptionFilter | undefined;
  /** At most `max` attempts start in any span of `perMs` in one worker. @default the declaration's */
  readonly rate?: RateLimit | undefined;
  /** Each option here replaces the same option of the declared circuit. @default the declaration's */
  readonly circuit?: CircuitPolicyOptions | undefined;
}

/** What a configuration says about the batches of a subscription. */
export interface BatchConfig {
  /** The largest number of messages of one call; 1 to 10,000. */
  readonly maxMessages: number;
  /** How long the first message of a batch waits for others, in ms; 1 to 60,000. */
  readonly maxWaitMs: number;
}

/** A checked configuration with variables replaced. Frozen. */
export interface LoadedConfig {
  /** The name of the default connection. */
  readonly default: string;
  /** Brokers by the name of the connection. */
  readonly connections: Readonly<
    Record<string, { readonly url: string; readonly options: Readonly<Record<string, unknown>> }>
  >;
  /** What `connect` does about what is missing; `undefined`: the default. */
  readonly provisioning: Provisioning | undefined;
  /** Limits of publishing, per topic. */
  readonly publish: PublishLimits;
  /** How long `close()` waits for running handlers, in ms; `undefined`: the default. */
  readonly closeTimeoutMs: number | undefined;
  /** By the declared name of the topic. */
  readonly topics: Readonly<Record<string, LoadedTopic>>;
  /** Absolute paths. */
  readonly declarations: readonly string[];
}

/** What a checked configuration says about one topic. */
export interface LoadedTopic extends Omit<TopicConfig, "subscriptions"> {
  readonly subscriptions: Readonly<Record<string, LoadedSubscription>>;
}

/** What a checked configuration says about one subscription. */
export interface LoadedSubscription extends Omit<SubscriptionConfig, "retryPolicy"> {
  readonly retryPolicy?: RetryPolicyOptions | undefined;
}
