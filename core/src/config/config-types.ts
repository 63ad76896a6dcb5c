import type { Provisioning, PublishLimits } from "../connect-options.ts";
import type { RetryPolicyOptions } from "../retry-policy.ts";

/** What `anytopic.config.json` holds. Every string may hold `${VARIABLE}` and `${VARIABLE:-fallback}`; `$${` stands for `${`. */
export interface AnytopicConfig {
  /** Where editors find the schema. */
  readonly $schema?: string;
  /** The connection of everything that names none. @default the only connection there is */
  readonly default?: string;
  readonly connections?: Readonly<Record<string, ConnectionConfig>>;
  readonly provisioning?: Provisioning;
  readonly publish?: PublishLimits;
  readonly closeTimeoutMs?: number;
  readonly topics?: Readonly<Record<string, TopicConfig>>;
  /** Modules that export the declarations, for the command line; paths relative to the file. */
  readonly declarations?: readonly string[];
}

export interface ConnectionConfig {
  /** `memory:`, `nats://host`, `amqp://host`, `aws://region`, `gcp://project`. */
  readonly url: string;
  /** The adapter's options beyond its URL, see its README. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface TopicConfig {
  /** Where events are published to and, unless its subscriptions say otherwise, taken from. @default the default connection */
  readonly connection?: string;
  /** A second connection that every event is published to as well, with the same id, while a topic moves. */
  readonly mirror?: string;
  /** The name on the broker. @default the declared name */
  readonly name?: string;
  readonly subscriptions?: Readonly<Record<string, SubscriptionConfig>>;
}

/** What it names replaces what the declaration says. */
export interface SubscriptionConfig {
  /** Connections that a worker takes from at the same time; several while a topic moves. @default the topic's connection */
  readonly connections?: readonly string[];
  /** The name on the broker. @default the declared name */
  readonly name?: string;
  readonly maxConcurrency?: number;
  readonly prefetch?: number;
  readonly ackDeadlineMs?: number;
  readonly maxHandlingMs?: number;
  readonly retryPolicy?: Omit<RetryPolicyOptions, "maxRetries"> & { readonly maxRetries?: number | "Infinity" };
}

/** A checked configuration, variables replaced. Frozen. */
export interface LoadedConfig {
  readonly default: string;
  readonly connections: Readonly<Record<string, Required<ConnectionConfig>>>;
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
  readonly retryPolicy?: RetryPolicyOptions;
}
