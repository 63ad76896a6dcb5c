import { setTimeout as sleep } from "node:timers/promises";
import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  silentLogger,
  type Adapter,
  type PubSub,
  type Subscription,
  type Topic,
} from "@anytopic/core";
import { LoadRecord } from "./load-record.ts";

/** How the connections of a load reach the nodes of a cluster. */
export interface ClusterClients {
  /** An adapter that knows all nodes, and begins with this one if it can choose. */
  readonly adapter: (node: number) => Adapter;
  /** The address of the node that it is connected to. */
  readonly serverOf: (pubsub: PubSub) => string;
  /** The addresses of the nodes, as `serverOf` may end. */
  readonly servers: readonly string[];
}

interface Numbered {
  readonly key: string;
  readonly number: number;
}

const KEYS = 3;
const PUBLISHERS = 2;
const PAUSE_MS = 40;
/** Shorter than the default: a leader that is gone does not answer, and the next attempt goes to the next leader. */
const PUBLISH_TIMEOUT_MS = 5000;
const HANDLING_MS = 5;
const CONNECT_ATTEMPTS = 60;

/** What is published at the same time, each message after the one before. */
const LOADS = ["ordered", "unordered"].flatMap((topic) =>
  Array.from({ length: PUBLISHERS * KEYS }, (_, index) => ({
    isOrdered: topic === "ordered",
    publisher: index % PUBLISHERS,
    key: `${topic}-${index}`,
  })),
);

/**
 * Two connections publish and two work, on an ordered topic and on one without order. A publisher repeats what was not
 * confirmed, with the same id, before it goes on, so every message is confirmed in the end, and only confirmed ones count.
 */
export class ClusterLoad {
  readonly record: LoadRecord = new LoadRecord(LOADS.map(({ key }) => key));
  /** The name of the topic with ordering keys. */
  readonly orderedTopic: string;
  /** Errors that were logged, and say that the order may be broken. */
  readonly orderErrors: readonly string[];
  readonly #clients: ClusterClients;
  readonly #publishers: readonly PubSub[];
  readonly #workers: readonly PubSub[];
  readonly #loops: Promise<void>[] = [];
  readonly #stopped = new AbortController();

  private constructor(
    clients: ClusterClients,
    orderedTopic: string,
    publishers: readonly PubSub[],
    workers: readonly PubSub[],
    orderErrors: readonly string[],
  ) {
    this.orderErrors = orderErrors;
    this.orderedTopic = orderedTopic;
    this.#clients = clients;
    this.#publishers = publishers;
    this.#workers = workers;
  }

  /** `run` makes the names unique. Connection `i` of each kind begins on node `i` of the cluster. */
  static async start(clients: ClusterClients, run: string): Promise<ClusterLoad> {
    const ordered = defineTopic<Numbered>(`ordered-${run}`, { orderingKey: ({ key }) => key });
    const unordered = defineTopic<Numbered>(`unordered-${run}`);
    const subscriptions = [ordered, unordered].map((topic) =>
      defineSubscription(topic, "worker", {
        ackDeadlineMs: 5000,
        maxConcurrency: 8,
        retryPolicy: { minBackoffMs: 20, maxBackoffMs: 100 },
      }),
    );
    const orderErrors: string[] = [];
    const first = await connectOn(clients, 0, subscriptions, orderErrors);
    const pubsubs = [
      first,
      ...(await Promise.all([1, 2, 0].map(async (node) => connectOn(clients, node, subscriptions, orderErrors)))),
    ];
    const load = new ClusterLoad(
      clients,
      ordered.name,
      pubsubs.slice(0, PUBLISHERS),
      pubsubs.slice(PUBLISHERS),
      orderErrors,
    );
    for (const pubsub of load.#workers) {
      for (const subscription of subscriptions) {
        await pubsub.subscribe(subscription, async ({ key, number }) => {
          load.record.started(key, number);
          await sleep(HANDLING_MS);
          load.record.done(key, number);
        });
      }
    }
    for (const { isOrdered, publisher, key } of LOADS) {
      const pubsub = load.#publishers[publisher] as PubSub;
      load.#loops.push(load.#publish(pubsub, isOrdered ? ordered : unordered, key));
    }
    return load;
  }

  /** `health().status` of every connection, publishers first. */
  health(): string[] {
    return this.#all.map((pubsub) => pubsub.health().status);
  }

  /** What is wrong, for messages of tests. */
  problems(): string {
    const known = this.#all.map((pubsub) => {
      const { connection, error, subscriptions } = pubsub.health();
      const workers = subscriptions.map(({ topic, state, error: why }) => `${topic} ${state} ${why?.message ?? ""}`);
      return `${this.#clients.serverOf(pubsub)}: ${connection} ${error?.message ?? ""} [${workers.join("; ")}]`;
    });
    return known.join("\n");
  }

  /** Ends publishing. Resolves when everything that was published is confirmed. */
  async stopPublishing(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#loops);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#all.map(async (pubsub) => pubsub.close()));
    await Promise.all(this.#loops);
  }

  get #all(): readonly PubSub[] {
    return [...this.#publishers, ...this.#workers];
  }

  async #publish(pubsub: PubSub, topic: Topic<Numbered, Numbered>, key: string): Promise<void> {
    for (let number = 1; !this.#stopped.signal.aborted; number += 1) {
      for (;;) {
        try {
          await pubsub.publish(topic, { key, number }, { id: `${key}-${number}` });
          this.record.confirmed(key, number);
          break;
        } catch (error) {
          if (!(error instanceof PubSubError)) throw error;
          if (error.code === "CLOSED") return;
          this.record.refused(error);
          await sleep(PAUSE_MS);
        }
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** All three servers are named, and the client takes any of them: it is asked again until it has taken the one that is wanted. */
async function connectOn(
  clients: ClusterClients,
  node: number,
  subscriptions: readonly Subscription<Numbered>[],
  orderErrors: string[],
): Promise<PubSub> {
  const wanted = clients.servers[node] as string;
  for (let attempt = 1; ; attempt += 1) {
    const pubsub = await connect(clients.adapter(node), {
      declarations: [...subscriptions],
      logger: {
        ...silentLogger,
        error: (_details, message) => void (message.includes("out of order") && orderErrors.push(message)),
      },
      publish: { timeoutMs: PUBLISH_TIMEOUT_MS },
      waitForBrokerMs: 30_000,
    });
    if (clients.serverOf(pubsub).endsWith(wanted)) return pubsub;
    await pubsub.close();
    if (attempt === CONNECT_ATTEMPTS) throw new Error(`no connection to ${wanted} in ${attempt} attempts`);
  }
}
