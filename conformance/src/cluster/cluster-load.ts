import { setTimeout as sleep } from "node:timers/promises";
import {
  defineSubscription,
  defineTopic,
  PubSubError,
  Reject,
  type PubSub,
  type Subscription,
  type Topic,
} from "@anytopic/core";
import { type ClusterClients, connectOn } from "./cluster-clients.ts";
import { idOf, LoadRecord } from "./load-record.ts";
import { LoadTrace } from "./load-trace.ts";

interface Numbered {
  readonly key: string;
  readonly number: number;
}

const KEYS = 3;
const PUBLISHERS = 2;
const PAUSE_MS = 40;
const HANDLING_MS = 5;
/** Every so many messages of a key, one fails when it starts for the first time. */
const FAILS_EVERY = 10;
/** Every so many messages of a key, one is sent to the dead letters. */
const REJECTED_EVERY = 25;
const MOST_LETTERS = 1000;

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
 * Some messages fail once, and a few become dead letters.
 */
export class ClusterLoad {
  readonly record: LoadRecord;
  readonly trace: LoadTrace = new LoadTrace();
  /** The names of the topics. */
  readonly orderedTopic: string;
  readonly unorderedTopic: string;
  /** Of both. */
  readonly subscription: string;
  readonly #clients: ClusterClients;
  readonly #topics: Readonly<Record<"ordered" | "unordered", Topic<Numbered, Numbered>>>;
  readonly #subscriptions: readonly Subscription<Numbered>[];
  readonly #publishers: PubSub[] = [];
  readonly #workers: PubSub[] = [];
  readonly #loops: Promise<void>[] = [];
  readonly #stopped = new AbortController();

  private constructor(clients: ClusterClients, run: string) {
    const ordered = defineTopic<Numbered>(`ordered-${run}`, { orderingKey: ({ key }) => key });
    const unordered = defineTopic<Numbered>(`unordered-${run}`);
    this.#clients = clients;
    this.#topics = { ordered, unordered };
    this.#subscriptions = [ordered, unordered].map((topic) =>
      defineSubscription(topic, "worker", {
        ackDeadlineMs: 5000,
        maxConcurrency: 8,
        retryPolicy: { minBackoffMs: 20, maxBackoffMs: 100 },
      }),
    );
    this.orderedTopic = ordered.name;
    this.unorderedTopic = unordered.name;
    this.subscription = "worker";
    this.record = new LoadRecord(
      LOADS.map(({ key }) => key),
      clients.copiesRetries ?? false,
    );
  }

  /** `run` makes the names unique. Connection `i` of each kind begins on node `i` of the cluster. */
  static async start(clients: ClusterClients, run: string): Promise<ClusterLoad> {
    const load = new ClusterLoad(clients, run);
    load.#publishers.push(await load.#connect(0, "publisher 1"), await load.#connect(1, "publisher 2"));
    load.#workers.push(await load.#connect(2, "worker 1"), await load.#connect(0, "worker 2"));
    for (const [index, pubsub] of load.#workers.entries()) {
      for (const subscription of load.#subscriptions) {
        await pubsub.subscribe(subscription, async (event, { attempt }) =>
          load.#handle(event, attempt, `worker ${index + 1}`),
        );
      }
    }
    for (const { isOrdered, publisher, key } of LOADS) {
      const topic = isOrdered ? load.#topics.ordered : load.#topics.unordered;
      load.#loops.push(load.#publish(load.#publishers[publisher] as PubSub, topic, key));
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

  /** The ids of all dead letters. */
  async letters(): Promise<ReadonlySet<string>> {
    const [pubsub] = this.#workers as [PubSub];
    const queues = this.#subscriptions.map(async (subscription) =>
      pubsub.deadLetters(subscription).peek({ limit: MOST_LETTERS }),
    );
    return new Set((await Promise.all(queues)).flat().map(({ id }) => id));
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

  async #connect(node: number, name: string): Promise<PubSub> {
    const pubsub = await connectOn(this.#clients, node, this.#subscriptions, this.trace.logger(name));
    this.#clients.watch?.(pubsub, name, this);
    return pubsub;
  }

  async #handle({ key, number }: Numbered, attempt: number, worker: string): Promise<void> {
    const id = idOf(key, number);
    const { starts, wrong } = this.record.started(key, number, attempt);
    this.trace.note(`${worker} starts ${id}, attempt ${attempt}`);
    for (const violation of wrong) this.trace.note(`WRONG ${violation}`);
    await sleep(HANDLING_MS);
    if (number % FAILS_EVERY === 0 && starts === 1) {
      this.record.failed(key, number);
      throw new Error("the load lets it fail once");
    }
    if (number % REJECTED_EVERY === 1) {
      this.record.rejected(key, number);
      throw new Reject("the load rejects it");
    }
    this.record.done(key, number);
  }

  async #publish(pubsub: PubSub, topic: Topic<Numbered, Numbered>, key: string): Promise<void> {
    for (let number = 1; !this.#stopped.signal.aborted; number += 1) {
      const id = idOf(key, number);
      for (;;) {
        try {
          await pubsub.publish(topic, { key, number }, { id });
          break;
        } catch (error) {
          if (!(error instanceof PubSubError)) throw error;
          if (error.code === "CLOSED") return;
          this.record.refused(key, number, error);
          this.trace.note(`refused ${id} ${error.code} ${error.message}`);
          await sleep(PAUSE_MS);
        }
      }
      this.record.confirmed(key, number);
      this.trace.note(`confirmed ${id}`);
      await sleep(PAUSE_MS);
    }
  }
}
