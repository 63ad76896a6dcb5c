import {
  pause,
  type SubscriptionSpec,
  type Topology,
  type TopologyChange,
  type TopicSpec,
} from "@anytopic/core/driver";
import type { Channel } from "amqplib";
import { withChannel } from "./connection/with-channel.ts";
import type { Connection } from "./connection.ts";
import { codeOf, toPubSubError } from "./errors.ts";
import { harmfulPolicies } from "./topology/harmful-policies.ts";
import { QUEUE_SETTLES_MS } from "./limits.ts";
import { allWaitQueueNames, exchangeName, queueNames } from "./names.ts";
import type { EffectivePolicy } from "./topology/policies.ts";
import {
  deadLetterQueueArguments,
  earlierDeadLetterQueueArguments,
  type QueueArguments,
  subscriptionQueueArguments,
  waitQueueArguments,
} from "./topology/queue-arguments.ts";

/** One thing on the broker. */
interface Resource {
  /** `queue orders.send-welcome-email` */
  readonly label: string;
  readonly name: string;
  /** Passive: rejects with 404 when it is missing. */
  check(channel: Channel): Promise<unknown>;
  /** Rejects with 406 when it is there with other properties. */
  declare(channel: Channel): Promise<unknown>;
  /** The same for what an earlier version made, which will do. */
  readonly declareEarlier?: (channel: Channel) => Promise<unknown>;
  delete(channel: Channel): Promise<unknown>;
}

/**
 * Topology by AMQP alone, which cannot list anything: a passive declaration tells whether a thing exists, and one in full
 * whether it is as declared, of which the broker names the first difference. Bindings and limits of other people
 * cannot be seen, policies only by the management API. Every question has a channel of its own, since "no" closes it.
 */
export class Provisioning {
  readonly #connection: Connection;
  readonly #prefix: string;
  readonly #policies: ((signal?: AbortSignal) => Promise<ReadonlyMap<string, EffectivePolicy>>) | undefined;

  /** @param policies reads what policies do to queues; undefined when nobody can tell */
  constructor(
    connection: Connection,
    prefix: string,
    policies: ((signal?: AbortSignal) => Promise<ReadonlyMap<string, EffectivePolicy>>) | undefined,
  ) {
    this.#connection = connection;
    this.#prefix = prefix;
    this.#policies = policies;
  }

  async plan(topology: Topology, signal?: AbortSignal): Promise<TopologyChange[]> {
    const changes: TopologyChange[] = [];
    for (const resource of this.#resources(topology)) {
      signal?.throwIfAborted();
      const change = await this.#compare(resource);
      if (change !== undefined) changes.push(change);
    }
    if (this.#policies === undefined || topology.subscriptions.length === 0) return changes;
    const policies = await this.#policies(signal);
    for (const subscription of topology.subscriptions) {
      changes.push(...harmfulPolicies(subscription, queueNames(this.#prefix, subscription), policies));
    }
    return changes;
  }

  /** Nothing that exists can be changed in place, so there is nothing to update. Bindings are made again each time: they cannot be seen. */
  async apply(topology: Topology): Promise<TopologyChange[]> {
    const created: TopologyChange[] = [];
    for (const resource of this.#resources(topology)) {
      if (await this.#exists(resource)) continue;
      if (await this.#create(resource)) created.push({ action: "create", resource: resource.label, detail: "" });
    }
    for (const subscription of topology.subscriptions) {
      const { exchange, queue } = queueNames(this.#prefix, subscription);
      await this.#run(`bind queue ${queue} to exchange ${exchange}`, (channel) =>
        channel.bindQueue(queue, exchange, ""),
      );
    }
    // Whoever publishes next is told that his message is durable: let the new queues be so first.
    if (created.some(({ resource }) => resource.startsWith("queue "))) {
      await pause(this.#connection.context.clock, QUEUE_SETTLES_MS);
    }
    return created;
  }

  async destroy(topology: Topology): Promise<string[]> {
    const extra = topology.subscriptions.flatMap((subscription) => {
      const names = queueNames(this.#prefix, subscription);
      return allWaitQueueNames(names).map((name) => queueResource(name, waitQueueArguments(names)));
    });
    const resources = new Map([...this.#resources(topology), ...extra].map((resource) => [resource.label, resource]));
    const there = await Promise.all(
      // Subscriptions first, so that nothing is dead-lettered or routed into what is gone already.
      [...resources.values()]
        .toReversed()
        .map(async (resource) => ((await this.#exists(resource)) ? resource : undefined)),
    );
    const deleted: string[] = [];
    for (const resource of there) {
      if (resource === undefined) continue;
      await this.#run(`delete ${resource.label}`, (channel) => resource.delete(channel));
      deleted.push(resource.label);
    }
    return deleted;
  }

  /** In the order in which they must be made: who takes dead letters before who sends them. */
  #resources({ topics, subscriptions }: Topology): Resource[] {
    return [
      ...topics.map((topic) => exchangeResource(this.#prefix, topic)),
      ...subscriptions.flatMap((subscription) => subscriptionResources(this.#prefix, subscription)),
    ];
  }

  async #compare(resource: Resource): Promise<TopologyChange | undefined> {
    if (!(await this.#exists(resource))) return { action: "create", resource: resource.label, detail: "" };
    try {
      await withChannel(this.#connection, (channel) => resource.declare(channel));
      return undefined;
    } catch (error) {
      const code = codeOf(error);
      // Whoever may not configure cannot ask; that it exists has to do.
      if (code === "PERMISSION_DENIED") return undefined;
      if (code !== "TOPOLOGY_MISMATCH") throw toPubSubError(`rabbitmq: compare ${resource.label}`, error);
      if (await this.#isEarlier(resource)) return undefined;
      return { action: "replace", resource: resource.label, detail: differenceIn(error) };
    }
  }

  async #isEarlier({ declareEarlier }: Resource): Promise<boolean> {
    if (declareEarlier === undefined) return false;
    return await withChannel(this.#connection, declareEarlier).then(
      () => true,
      () => false,
    );
  }

  async #exists(resource: Resource): Promise<boolean> {
    try {
      await withChannel(this.#connection, (channel) => resource.check(channel));
      return true;
    } catch (error) {
      if (codeOf(error) === "NOT_FOUND") return false;
      throw toPubSubError(`rabbitmq: look for ${resource.label}`, error);
    }
  }

  /** False when somebody else has made it meanwhile, as he wanted it. */
  async #create(resource: Resource): Promise<boolean> {
    try {
      await withChannel(this.#connection, (channel) => resource.declare(channel));
      return true;
    } catch (error) {
      if (codeOf(error) === "TOPOLOGY_MISMATCH") return false;
      throw toPubSubError(`rabbitmq: create ${resource.label}`, error);
    }
  }

  async #run(what: string, use: (channel: Channel) => Promise<unknown>): Promise<void> {
    try {
      await withChannel(this.#connection, use);
    } catch (error) {
      throw toPubSubError(`rabbitmq: ${what}`, error);
    }
  }
}

function exchangeResource(prefix: string, topic: TopicSpec): Resource {
  const name = exchangeName(prefix, topic);
  return {
    label: `exchange ${name}`,
    name,
    check: (channel) => channel.checkExchange(name),
    declare: (channel) => channel.assertExchange(name, "fanout", { durable: true }),
    delete: (channel) => channel.deleteExchange(name),
  };
}

function subscriptionResources(prefix: string, subscription: SubscriptionSpec): Resource[] {
  const names = queueNames(prefix, subscription);
  return [
    queueResource(names.deadLetters, deadLetterQueueArguments(), earlierDeadLetterQueueArguments()),
    queueResource(names.wait, waitQueueArguments(names)),
    queueResource(names.queue, subscriptionQueueArguments(subscription, names)),
  ];
}

function queueResource(name: string, queueArguments: QueueArguments, earlier?: QueueArguments): Resource {
  const declareWith = (channel: Channel, declared: QueueArguments): Promise<unknown> =>
    channel.assertQueue(name, { durable: true, arguments: declared });
  return {
    label: `queue ${name}`,
    name,
    check: (channel) => channel.checkQueue(name),
    declare: (channel) => declareWith(channel, queueArguments),
    ...(earlier && { declareEarlier: (channel) => declareWith(channel, earlier) }),
    delete: (channel) => channel.deleteQueue(name),
  };
}

/** `inequivalent arg 'x-delivery-limit' for queue 'q' in vhost '/': received '128' but current is '20'` → `x-delivery-limit is 20, declared 128` */
export function differenceIn(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const found = /inequivalent arg '([^']*)' for .*: received (.*?) but current is (.*?)"?$/.exec(message);
  if (found === null) return message;
  const [, argument, declared = "", current = ""] = found;
  return `${argument} is ${plain(current)}, declared ${plain(declared)}`;
}

/** `the value '20' of type 'signedint'` and `'20'` → `20`; `none` stays, and `''` becomes `""`. */
function plain(text: string): string {
  const value = /'([^']*)'/.exec(text)?.[1] ?? text;
  return value === "" ? '""' : value;
}
