import type { RetryPolicyOptions } from "../declare/retry-policy.ts";

/**
 * What happens to a topic or subscription that is opened. `"ensure"`: what is missing is created. `"verify"`: missing
 * or different parts are an error that lists them. `"off"`: no admin call at all.
 */
export type Provisioning = "ensure" | "verify" | "off";

export interface PublishLimits {
  /** Publishes under way per topic; further ones wait. 1 to 100,000. @default 1000 */
  readonly maxPending?: number | undefined;
  /** Publishes that wait for a place per topic; further ones reject with `RESOURCE_EXHAUSTED`. 0 to 10,000,000. @default 100,000 */
  readonly maxWaiting?: number | undefined;
  /** How long a publish may take, in ms; then it rejects with `TIMEOUT` and may have happened. 100 to 600,000. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Signs the ids of all messages: what is sent, returned and handed to handlers is `<id>.<signature>`. Whoever may publish
   * to a topic can otherwise suppress another's message by taking its id first, where ids can be guessed. Give every
   * publisher of the deployment the same secret, 32 to 256 characters, and keep it from everybody else; a repeated publish
   * is then recognised as before. Ids that a caller brings have at most 105 characters. @default ids are not signed
   */
  readonly idSecret?: string | undefined;
}

/** What `anytopic.config.json` holds. Every string may hold `${VARIABLE}` and `${VARIABLE:-fallback}`; `$${` stands for `${`. */
export interface AnytopicConfig {
  /** Where editors find the schema. */
  readonly $schema?: string | undefined;
  /** The connection of everything that names none. @default the only connection there is */
  readonly default?: string | undefined;
  readonly connections?: Readonly<Record<string, ConnectionConfig>> | undefined;
  readonly provisioning?: Provisioning | undefined;
  readonly publish?: PublishLimits | undefined;
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
  readonly maxConcurrency?: number | undefined;
  readonly prefetch?: number | undefined;
  readonly ackDeadlineMs?: number | undefined;
  readonly maxHandlingMs?: number | undefined;
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
