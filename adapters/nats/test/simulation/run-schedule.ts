import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { OrderCheck } from "./order-check.ts";
import { ScriptedConnection } from "./scripted-connection.ts";
import { ScriptedServer } from "./scripted-server.ts";
import { seededRandom, SimClock } from "./sim-clock.ts";
import { SimWorld } from "./sim-world.ts";

export interface Outcome {
  readonly violations: readonly string[];
  /** Messages that never ended, or that the server still takes for unsettled. */
  readonly lost: number;
  readonly tookMs: number;
  readonly trace: readonly string[];
}

interface Numbered {
  readonly key: string;
  readonly number: number;
}

const FAULTS_MS = 12_000;
const PATIENCE_MS = 120_000;

/** One run of workers, publisher and faults, all of it decided by the seed. */
export async function runSchedule(seed: number, options: { readonly trace?: boolean } = {}): Promise<Outcome> {
  const random = seededRandom(seed);
  const clock = new SimClock();
  const world = new SimWorld(clock, random);
  const startMs = clock.now();
  const trace: string[] = [];
  const note = (words: () => string): void => {
    if (options.trace === true) trace.push(`${(clock.now() - startMs).toFixed(1)} ${words()}`);
  };
  const leaderLeaseMs = pick(random, [1000, 2000, 5000]);
  const ackDeadlineMs = pick(random, [1000, 1500, 3000, 5000]);
  const exactlyOnce = random() < 0.5;
  const keys = 2 + Math.floor(random() * 4);
  const perKey = 4 + Math.floor(random() * 8);
  const failing = random() < 0.5 ? 0.2 : 0;
  const slowMs = pick(random, [2, 50, 400, 1500]);
  const server = new ScriptedServer(world, ackDeadlineMs, random() < 0.5);
  const check = new OrderCheck();
  const topic = defineTopic<Numbered>("events", {
    orderingKey: ({ key }) => key,
    ...(exactlyOnce ? { deliveryGuarantee: "exactly-once" as const } : {}),
  });
  const subscription = defineSubscription(topic, "worker", {
    ackDeadlineMs,
    maxConcurrency: 1 + Math.floor(random() * 6),
    retryPolicy: { minBackoffMs: 20, maxBackoffMs: 300 },
  });
  const workers = new Map<number, { readonly pubsub: PubSub; readonly line: ScriptedConnection }>();
  let opened = 0;

  const open = async (): Promise<void> => {
    const worker = ++opened;
    const line = new ScriptedConnection(world, server);
    const pubsub = await connect(nats({ connection: line.client, leaderLeaseMs }), {
      provisioning: "off",
      clock,
      random,
      closeTimeoutMs: 2000,
    });
    workers.set(worker, { pubsub, line });
    const handle = async ({ key, number }: Numbered, { attempt }: { readonly attempt: number }): Promise<void> => {
      check.started(worker, key, number, attempt, clock.now() - startMs);
      note(() => `worker ${worker} starts ${key}/${number}#${attempt}`);
      const ms = random() < 0.1 ? world.between(0, 3 * slowMs) : world.between(0, slowMs);
      await new Promise<void>((resolve) => world.later(ms, resolve));
      if (random() < failing && attempt < 4) throw new Error("not yet");
      check.done(key, number);
      note(() => `worker ${worker} ends ${key}/${number}#${attempt}`);
    };
    // A server that is stopped does not answer the first questions.
    while (workers.has(worker) && !(await opens(pubsub.subscribe(subscription, handle)))) {
      note(() => "opening again");
      await new Promise<void>((resolve) => world.later(100, resolve));
    }
  };
  const workerCount = 1 + Math.floor(random() * 3);
  for (let count = 0; count < workerCount; count++) void open();

  // The publisher: rounds over all keys, as a burst or one by one.
  const bursts = random() < 0.5 ? perKey : 1 + Math.floor(random() * 3);
  for (let number = 1; number <= perKey; number++) {
    const burst = Math.floor(((number - 1) / perKey) * bursts);
    const atMs = ((burst + (bursts === perKey ? world.between(0.1, 0.9) : 0.5)) / bursts) * FAULTS_MS + 6 * number;
    for (let key = 0; key < keys; key++) {
      const event = { key: `k${key}`, number };
      world.later(atMs + random() * 5, () =>
        publishing(() => {
          note(() => `stored ${server.stream.length + 1}: ${event.key}/${number}`);
          server.store(event.key, `${event.key}-${number}`, Buffer.from(JSON.stringify(event)));
        }),
      );
    }
  }
  const publishing = world.serverQueue(1);

  const faults = 1 + Math.floor(random() * 5);
  for (let fault = 0; fault < faults; fault++) {
    world.later(world.between(500, FAULTS_MS), () => {
      const ids = [...workers.keys()];
      const id = ids[Math.floor(random() * ids.length)];
      const worker = id === undefined ? undefined : workers.get(id);
      const kind = random();
      if (kind < 0.4) {
        const ms = world.between(0.5, 1.6) * leaderLeaseMs;
        note(() => `server stopped for ${ms.toFixed(0)} ms`);
        world.freezeServer(ms);
      } else if (kind < 0.6) {
        const [end, rest] = [pick(random, ["closes", "half-open"] as const), pick(random, ["lost", "at-once", "late"] as const)];
        note(() => `line of ${id} cut: server ${end}, rest ${rest}`);
        worker?.line.cut(end, rest);
      } else if (kind < 0.8) {
        const ms = world.between(0.3, 2) * leaderLeaseMs;
        const givesUp = random() < 0.5;
        note(() => `line of ${id} blocked for ${ms.toFixed(0)} ms, gives up: ${givesUp}`);
        worker?.line.block(ms, givesUp);
      } else if (kind < 0.9 && id !== undefined && worker !== undefined) {
        note(() => `worker ${id} closes`);
        workers.delete(id);
        void worker.pubsub.close({ timeoutMs: 1000 });
        void open();
      } else {
        note(() => "another worker");
        void open();
      }
    });
  }

  const total = keys * perKey;
  await clock.run(FAULTS_MS);
  await clock.run(PATIENCE_MS, () => check.doneCount === total && server.consumer.pending.size === 0);
  const tookMs = clock.now() - startMs;
  note(() => `done ${check.doneCount} of ${total}, pending ${server.consumer.pending.size}`);
  const lost = total - check.doneCount + server.consumer.pending.size;
  const closing = Promise.all([...workers.values()].map(({ pubsub }) => pubsub.close({ timeoutMs: 0 })));
  await clock.run(60_000);
  await closing;
  return { violations: check.violations, lost, tookMs, trace };
}

function pick<Item>(random: () => number, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)] as Item;
}

async function opens(opening: Promise<unknown>): Promise<boolean> {
  return opening.then(
    () => true,
    () => false,
  );
}
