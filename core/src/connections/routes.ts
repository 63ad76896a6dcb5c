import type { BatchConfig, LoadedConfig, LoadedSubscription, LoadedTopic } from "../config/config-types.ts";
import { PubSubError } from "../base/errors.ts";
import type { CircuitPolicy, CircuitPolicyOptions } from "../declare/circuit-policy.ts";
import { withoutUndefined } from "../options/option-checks.ts";
import type { PhysicalNames } from "./specs.ts";
import {
  defineSubscription,
  type AnySubscription,
  type Subscription,
  type Declaration,
} from "../declare/subscription.ts";
import type { AnyTopic, Topic } from "../declare/topic.ts";

/** The configuration of topics and subscriptions. Contacts nobody. */
export class Routes {
  readonly #config: LoadedConfig;
  readonly #where: string;
  readonly #effective = new WeakMap<AnySubscription, AnySubscription>();
  /** By URL: two connections with the same URL are one broker. */
  readonly #names = new Map<string, PhysicalNames>();

  constructor(config: LoadedConfig, where: string) {
    this.#config = config;
    this.#where = where;
  }

  /** The connections on which a topic publishes: its own, and its mirror if it has one. */
  connectionsOfTopic(topic: AnyTopic): readonly string[] {
    const { connection, mirror } = this.#topic(topic) ?? {};
    const home = connection ?? this.#config.default;
    return mirror === undefined ? [home] : [home, mirror];
  }

  /** The connections from which a worker receives, usually one. */
  connectionsOf(subscription: AnySubscription): readonly string[] {
    const { connections } = this.#subscription(subscription) ?? {};
    return connections ?? [this.#topic(subscription.topic)?.connection ?? this.#config.default];
  }

  /** The declarations of each connection, with configured overrides. */
  byConnection(declarations: readonly Declaration[]): ReadonlyMap<string, readonly Declaration[]> {
    const found = new Map<string, Declaration[]>();
    for (const declaration of declarations) {
      const isTopic = declaration.kind === "topic";
      const effective = isTopic ? declaration : this.effective(declaration as Subscription);
      const names = isTopic ? this.connectionsOfTopic(declaration) : this.connectionsOf(declaration);
      for (const name of names) found.set(name, [...(found.get(name) ?? []), effective]);
    }
    return found;
  }

  prefetchOf(subscription: AnySubscription): number | undefined {
    return this.#subscription(subscription)?.prefetch;
  }

  /** What the configuration says about the batches of a subscription: it holds only where the code asks for batches. */
  batchOf(subscription: AnySubscription): Partial<BatchConfig> {
    return this.#subscription(subscription)?.batch ?? {};
  }

  /**
   * The declaration with the overrides of the configuration, checked against the same ranges. Frozen, and the same object for the
   * same declaration.
   *
   * @throws PubSubError `INVALID_CONFIG` when declaration and overrides contradict each other
   */
  effective<Event>(subscription: Subscription<Event>): Subscription<Event> {
    const known = this.#effective.get(subscription);
    if (known !== undefined) return known as Subscription<Event>;
    const overrides = this.#subscription(subscription);
    const made = overrides === undefined ? subscription : this.#overridden(subscription, overrides);
    this.#effective.set(subscription, made);
    return made;
  }

  /** Names on the broker of one connection. Refuses two topics, or two subscriptions of a topic, with the same name. */
  namesOn(connection: string): PhysicalNames {
    const broker = this.#config.connections[connection]?.url ?? connection;
    const known = this.#names.get(broker);
    if (known !== undefined) return known;
    const taken = new Map<string, string>();
    const take = (kind: string, declared: string, scope: string, physical: string): string => {
      const key = `${kind} ${scope}/${physical}`;
      const owner = taken.get(key) ?? declared;
      taken.set(key, owner);
      if (owner === declared) return physical;
      throw new PubSubError(
        "INVALID_CONFIG",
        `${this.#where}: ${kind} "${declared}" and ${kind} "${owner}" are both named "${physical}" on connection ` +
          `"${connection}": give one another name`,
      );
    };
    const names: PhysicalNames = Object.freeze({
      topic: (topic: AnyTopic) => take("topic", topic.name, "", this.#topic(topic)?.name ?? topic.name),
      subscription: (subscription: AnySubscription) => {
        const physical = this.#subscription(subscription)?.name ?? subscription.name;
        return take("subscription", subscription.name, subscription.topic.name, physical);
      },
    });
    this.#names.set(broker, names);
    return names;
  }

  #overridden<Event>(subscription: Subscription<Event>, overrides: LoadedSubscription): Subscription<Event> {
    const { retryPolicy: declared } = subscription;
    const ackDeadlineMs = overrides.ackDeadlineMs ?? subscription.ackDeadlineMs;
    const { retryPolicy = {} } = overrides;
    const minBackoffMs = retryPolicy.minBackoffMs ?? declared.minBackoffMs;
    const options = {
      ackDeadlineMs,
      maxConcurrency: overrides.maxConcurrency ?? subscription.maxConcurrency,
      // As in a declaration, the upper bound is at least the lower one.
      maxHandlingMs: overrides.maxHandlingMs ?? Math.max(subscription.maxHandlingMs, ackDeadlineMs),
      retryPolicy: {
        ...declared,
        maxBackoffMs: Math.max(declared.maxBackoffMs, minBackoffMs),
        ...retryPolicy,
      },
      onExpired: overrides.onExpired ?? subscription.onExpired,
      filter: overrides.filter ?? subscription.filter,
      rate: overrides.rate ?? subscription.rate,
      circuit: overriddenCircuit(subscription.circuit, overrides.circuit),
    };
    try {
      // The topic was made by `defineTopic`; a subscription only sees a part of its type.
      return defineSubscription(subscription.topic as unknown as Topic<never, Event>, subscription.name, options);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const path = `topics.${subscription.topic.name}.subscriptions.${subscription.name}`;
      throw new PubSubError("INVALID_CONFIG", `${this.#where}: ${path} does not go with its declaration: ${reason}`);
    }
  }

  #topic(topic: AnyTopic): LoadedTopic | undefined {
    // A topic may be named "constructor".
    return Object.hasOwn(this.#config.topics, topic.name) ? this.#config.topics[topic.name] : undefined;
  }

  #subscription({ topic, name }: AnySubscription): LoadedSubscription | undefined {
    const subscriptions = this.#topic(topic)?.subscriptions ?? {};
    return Object.hasOwn(subscriptions, name) ? subscriptions[name] : undefined;
  }
}

/** As in a declaration, the longest time is at least the first one. */
function overriddenCircuit(
  declared: CircuitPolicy | undefined,
  overrides: CircuitPolicyOptions | undefined,
): CircuitPolicyOptions | undefined {
  if (declared === undefined || overrides === undefined) return overrides ?? declared;
  const openMs = overrides.openMs ?? declared.openMs;
  return { ...declared, maxOpenMs: Math.max(declared.maxOpenMs, openMs), ...withoutUndefined(overrides) };
}
