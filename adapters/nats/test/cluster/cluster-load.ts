import { setTimeout as sleep } from "node:timers/promises";
import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  type Logger,
  type PubSub,
  type Subscription,
  type Topic,
} from "@anytopic/core";
import { nats } from "@anytopic/nats";
import type { NatsConnection } from "@nats-io/nats-core";
import { DeliveryTrace } from "./delivery-trace.ts";
import { LoadRecord } from "./load-record.ts";
import type { NatsCluster } from "./nats-cluster.ts";

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
  readonly record = new LoadRecord(LOADS.map(({ key }) => key));
  readonly orderedStream: string;
  readonly unorderedStream: string;
  /** Errors that were logged, and say that the order may be broken. */
  readonly orderErrors: readonly string[];
  readonly trace: DeliveryTrace;
  readonly #publishers: readonly PubSub[];
  readonly #workers: readonly PubSub[];
  readonly #loops: Promise<void>[] = [];
  readonly #stopped = new AbortController();

  private constructor(
    [orderedStream, unorderedStream]: readonly [string, string],
    publishers: readonly PubSub[],
    workers: readonly PubSub[],
    orderErrors: readonly string[],
    trace: DeliveryTrace,
  ) {
    this.trace = trace;
    this.orderErrors = orderErrors;
    this.orderedStream = orderedStream;
    this.unorderedStream = unorderedStream;
    this.#publishers = publishers;
    this.#workers = workers;
  }

  /** `run` makes the names unique. Connection `i` of each kind begins on node `i` of the cluster. */
  static async start(cluster: NatsCluster, run: string): Promise<ClusterLoad> {
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
    const trace = new DeliveryTrace([ordered.name, unordered.name]);
    const connectTo = async (node: number, name: string): Promise<PubSub> => {
      const pubsub = await connectOn(cluster, node, subscriptions, loggerOf(name, trace, orderErrors));
      trace.watch(pubsub.native as NatsConnection, name);
      return pubsub;
    };
    const pubsubs = [
      await connectTo(0, "publisher-1"),
      ...(await Promise.all([connectTo(1, "publisher-2"), connectTo(2, "worker-1"), connectTo(0, "worker-2")])),
    ];
    const load = new ClusterLoad(
      [ordered.name, unordered.name],
      pubsubs.slice(0, PUBLISHERS),
      pubsubs.slice(PUBLISHERS),
      orderErrors,
      trace,
    );
    for (const [index, pubsub] of load.#workers.entries()) {
      for (const subscription of subscriptions) {
        await pubsub.subscribe(subscription, async ({ key, number }) => {
          trace.note(`worker-${index + 1} starts ${key}-${number}`);
          for (const violation of load.record.started(key, number)) trace.note(`OUT OF ORDER ${violation}`);
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
      return `${(pubsub.native as NatsConnection).getServer()}: ${connection} ${error?.message ?? ""} [${workers.join("; ")}]`;
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
          this.trace.note(`confirmed ${key}-${number}`);
          break;
        } catch (error) {
          if (!(error instanceof PubSubError)) throw error;
          if (error.code === "CLOSED") return;
          this.record.refused(error);
          this.trace.note(`refused ${key}-${number} ${error.code} ${error.message}`);
          await sleep(PAUSE_MS);
        }
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** All three servers are named, and the client takes any of them: it is asked again until it has taken the one that is wanted. */
async function connectOn(
  cluster: NatsCluster,
  node: number,
  subscriptions: readonly Subscription<Numbered>[],
  logger: Logger,
): Promise<PubSub> {
  const wanted = cluster.servers[node] as string;
  for (let attempt = 1; ; attempt += 1) {
    const adapter = nats({ servers: cluster.servers, replicas: 3, leaderLeaseMs: 3000 });
    const pubsub = await connect(adapter, {
      declarations: [...subscriptions],
      logger,
      publish: { timeoutMs: PUBLISH_TIMEOUT_MS },
      waitForBrokerMs: 30_000,
    });
    if ((pubsub.native as NatsConnection).getServer().endsWith(wanted)) return pubsub;
    await pubsub.close();
    if (attempt === CONNECT_ATTEMPTS) throw new Error(`no connection to ${wanted} in ${attempt} attempts`);
  }
}

function loggerOf(name: string, trace: DeliveryTrace, orderErrors: string[]): Logger {
  const noteAs =
    (level: string) =>
    (details: object, message: string): void =>
      trace.note(`${name} ${level} ${message} ${JSON.stringify(details)}`);
  const noteError = noteAs("error");
  return {
    debug: noteAs("debug"),
    info: noteAs("info"),
    warn: noteAs("warn"),
    error: (details, message) => {
      noteError(details, message);
      if (message.includes("out of order")) orderErrors.push(message);
    },
  };
}
