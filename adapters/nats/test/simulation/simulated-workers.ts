import {
  connect,
  defineSubscription,
  defineTopic,
  type Handler,
  type PubSub,
  type Subscription,
  type Topic,
} from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { OrderCheck } from "./order-check.ts";
import { ProcessClock } from "./process-clock.ts";
import { ScriptedConnection } from "./scripted-connection.ts";
import { ScriptedServer, type LeaderChange } from "./scripted-server.ts";
import { seededRandom, SimClock } from "./sim-clock.ts";
import { SimWorld } from "./sim-world.ts";

export interface Numbered {
  readonly key: string;
  readonly number: number;
}

export interface SimulatedWorker {
  readonly id: number;
  readonly pubsub: PubSub;
  readonly line: ScriptedConnection;
  readonly process: ProcessClock;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly leaderLeaseMs: number;
  readonly ackDeadlineMs: number;
  readonly exactlyOnce?: boolean;
  readonly maxConcurrency?: number;
  /** Whether the server has the fault of 2.9.10. @default false */
  readonly losesRedeliveries?: boolean;
  /** Whether the consumer is replicated, and may get another leader. @default false */
  readonly isReplicated?: boolean;
  /** A clock that is handed in may be less exact than ours. @default 0 */
  readonly timersFireEarlyMs?: number;
}

/** What a handler does with one attempt; it has ended when this resolves, and failed when this rejects. */
export type Work = (event: Numbered, attempt: number, worker: SimulatedWorker) => Promise<void>;

/** Real workers of one ordered subscription, each with a scripted line to one scripted server, in virtual time. */
export class SimulatedWorkers {
  readonly clock = new SimClock();
  readonly random: () => number;
  readonly world: SimWorld;
  readonly server: ScriptedServer;
  readonly check = new OrderCheck();
  readonly workers = new Map<number, SimulatedWorker>();
  /** What happened, for a person who looks for a fault. */
  readonly trace: string[] = [];
  readonly #leaderLeaseMs: number;
  readonly #earlyMs: number;
  readonly #topic: Topic<Numbered, Numbered>;
  readonly #subscription: Subscription<Numbered>;
  readonly #startMs: number;
  readonly #publishing: (action: () => void) => void;
  #opened = 0;
  #isChanging = false;

  constructor(options: SimulationOptions) {
    const { seed, leaderLeaseMs, ackDeadlineMs, exactlyOnce = false, losesRedeliveries = false } = options;
    this.random = seededRandom(seed);
    this.world = new SimWorld(this.clock, this.random);
    this.server = new ScriptedServer(this.world, ackDeadlineMs, losesRedeliveries, options.isReplicated ?? false);
    this.#leaderLeaseMs = leaderLeaseMs;
    this.#earlyMs = options.timersFireEarlyMs ?? 0;
    this.#startMs = this.clock.now();
    this.#publishing = this.world.serverQueue(1);
    this.#topic = defineTopic<Numbered>("events", {
      orderingKey: ({ key }) => key,
      ...(exactlyOnce ? { deliveryGuarantee: "exactly-once" as const } : {}),
    });
    this.#subscription = defineSubscription(this.#topic, "worker", {
      ackDeadlineMs,
      maxConcurrency: options.maxConcurrency ?? 8,
      retryPolicy: { minBackoffMs: 20, maxBackoffMs: 300 },
    });
  }

  /** Since the beginning. */
  get nowMs(): number {
    return this.clock.now() - this.#startMs;
  }

  note(words: string): void {
    this.trace.push(`${this.nowMs.toFixed(1)} ${words}`);
  }

  publish(key: string, number: number): void {
    this.#publishing(() => {
      this.note(`stored ${this.server.stream.length + 1}: ${key}/${number}`);
      this.server.store(key, `${key}-${number}`, Buffer.from(JSON.stringify({ key, number })));
    });
  }

  /** Does not wait: the worker opens only while time moves. */
  open(work: Work): void {
    void this.#open(work);
  }

  async #open(work: Work): Promise<void> {
    const id = ++this.#opened;
    const process = new ProcessClock(this.world, this.#earlyMs);
    const line = new ScriptedConnection(this.world, this.server, process);
    const pubsub = await connect(nats({ connection: line.client, leaderLeaseMs: this.#leaderLeaseMs }), {
      provisioning: "off",
      clock: process,
      random: this.random,
      closeTimeoutMs: 2000,
    });
    const worker: SimulatedWorker = { id, pubsub, line, process };
    this.workers.set(id, worker);
    const handler: Handler<Numbered> = async (event, { attempt }) => {
      const { key, number } = event;
      this.check.started(id, key, number, attempt, this.nowMs);
      this.note(`worker ${id} starts ${key}/${number}#${attempt}`);
      try {
        await work(event, attempt, worker);
      } finally {
        await new Promise<void>((resolve) => process.arrive(resolve));
      }
      this.check.done(key, number);
      this.note(`worker ${id} ends ${key}/${number}#${attempt}`);
    };
    // A server that is stopped does not answer the first questions.
    while (this.workers.has(id) && !(await opens(pubsub.subscribe(this.#subscription, handler)))) await this.sleep(100);
  }

  /** Kills the server and starts it again; of the consumer it remembers what it had written `staleMs` before. */
  restartServer(staleMs: number, downMs: number): void {
    const snapshot = this.server.consumer.snapshot();
    this.world.later(staleMs, () => {
      for (const { line } of this.workers.values()) {
        line.stayAway(downMs);
        line.cut("closes", "lost");
      }
      this.world.freezeServer(downMs);
      this.server.restart(snapshot);
    });
  }

  /** The consumer gets another leader, which knows what the former one had written `staleMs` before. */
  changeLeader(staleMs: number, change: LeaderChange): void {
    if (this.#isChanging) return;
    this.#isChanging = true;
    const snapshot = this.server.consumer.snapshot();
    this.world.later(staleMs, () => this.server.changeLeader(snapshot, change));
    const { leavingMs, leaderlessMs, readingMs } = change;
    this.world.later(staleMs + leavingMs + leaderlessMs + readingMs, () => (this.#isChanging = false));
  }

  close(id: number): void {
    const worker = this.workers.get(id);
    this.workers.delete(id);
    void worker?.pubsub.close({ timeoutMs: 1000 });
  }

  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => this.world.later(ms, resolve));
  }

  /** What is left at the end. */
  async closeAll(): Promise<void> {
    const closing = Promise.all([...this.workers.values()].map(({ pubsub }) => pubsub.close({ timeoutMs: 0 })));
    await this.clock.run(60_000);
    await closing;
  }
}

async function opens(opening: Promise<unknown>): Promise<boolean> {
  return opening.then(
    () => true,
    () => false,
  );
}
