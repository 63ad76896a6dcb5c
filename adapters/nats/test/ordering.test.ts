import { fork, type ChildProcess } from "node:child_process";
import { connect, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { orderedDeclarations } from "./ordered-declarations.ts";
import type { Report } from "./ordered-worker.ts";

const broker: Broker | undefined = await startBrokerOrSkip("nats");
const KEYS = 6;
const MESSAGES = 60;

/** All reports of the workers, and what must be true at each start. */
class OrderLog {
  readonly violations: string[] = [];
  readonly #done = new Map<string, number>();
  readonly #running = new Map<string, { readonly worker: number; readonly number: number }>();

  hear(worker: number, { type, key, number, attempt }: Report): void {
    if (type === "ready") return;
    const last = this.#done.get(key) ?? -1;
    const running = this.#running.get(key);
    if (type === "start") {
      if (number > last + 1) this.violations.push(`${key}/${number}#${attempt} started, ${last} was the last one done`);
      if (running !== undefined && running.worker !== worker) {
        this.violations.push(`${key}/${number} started in ${worker} while ${running.worker} runs ${running.number}`);
      }
      this.#running.set(key, { worker, number });
      return;
    }
    this.#running.delete(key);
    if (type === "failed") return;
    this.#done.set(key, Math.max(last, number));
  }

  /** The worker was killed: what it ran is no longer running. */
  died(worker: number): void {
    for (const [key, running] of this.#running) if (running.worker === worker) this.#running.delete(key);
  }

  get done(): number {
    let sum = 0;
    for (const last of this.#done.values()) sum += last + 1;
    return sum;
  }
}

class Workers {
  readonly log = new OrderLog();
  readonly #children = new Map<number, ChildProcess>();
  readonly #args: readonly string[];
  #count = 0;

  constructor(url: string, run: string) {
    this.#args = [url, run];
  }

  async start(): Promise<number> {
    const worker = ++this.#count;
    const child = fork(`${import.meta.dirname}/ordered-worker.ts`, this.#args);
    this.#children.set(worker, child);
    await new Promise<void>((resolve, reject) => {
      child.on("message", (report: Report) => {
        if (report.type === "ready") resolve();
        this.log.hear(worker, report);
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`worker ended with ${code}`)));
    });
    return worker;
  }

  /** Kills it by its own process id, and waits for its end. */
  async kill(worker: number): Promise<void> {
    const child = this.#children.get(worker) as ChildProcess;
    this.#children.delete(worker);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    this.log.died(worker);
  }

  async close(worker: number): Promise<void> {
    const child = this.#children.get(worker) as ChildProcess;
    this.#children.delete(worker);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.send("close");
    await gone;
  }

  async killAll(): Promise<void> {
    for (const worker of this.#children.keys()) await this.kill(worker);
  }
}

describe.skipIf(broker === undefined)("ordered subscription with several workers", () => {
  let pubsub: PubSub;

  beforeAll(async () => {
    pubsub = await connect(nats({ servers: (broker as Broker).url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await broker?.close();
  });

  async function withWorkers(
    name: string,
    run: (workers: Workers, publishAll: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const id = `${name}-${Date.now().toString(36)}`;
    const { topic, subscription } = orderedDeclarations(id);
    await pubsub.apply([topic, subscription]);
    const workers = new Workers((broker as Broker).url, id);
    const publishAll = async (): Promise<void> => {
      for (let number = 0; number < MESSAGES; number++) {
        await Promise.all(
          Array.from({ length: KEYS }, async (_, key) => pubsub.publish(topic, { key: `k${key}`, number })),
        );
      }
    };
    try {
      await run(workers, publishAll);
    } finally {
      await workers.killAll();
      await pubsub.destroy([topic, subscription]);
    }
  }

  test(
    "holds the order of each key when the active worker is killed, again and again",
    { timeout: 120_000 },
    async () => {
      await withWorkers("crash", async (workers, publishAll) => {
        const ids = [await workers.start(), await workers.start()];
        const publishing = publishAll();
        for (const share of [0.1, 0.4, 0.7]) {
          await expect.poll(() => workers.log.done, { timeout: 30_000 }).toBeGreaterThan(share * KEYS * MESSAGES);
          // The oldest one is active: each takes over when all older ones have ended.
          await workers.kill(ids.shift() as number);
          ids.push(await workers.start());
        }
        await publishing;
        await expect.poll(() => workers.log.done, { timeout: 60_000 }).toBe(KEYS * MESSAGES);
        expect(workers.log.violations).toEqual([]);
      });
    },
  );

  test("passes on at once when the active worker closes", { timeout: 60_000 }, async () => {
    await withWorkers("close", async (workers, publishAll) => {
      const first = await workers.start();
      await workers.start();
      const publishing = publishAll();
      await expect.poll(() => workers.log.done, { timeout: 30_000 }).toBeGreaterThan(50);
      await workers.close(first);
      await publishing;
      await expect.poll(() => workers.log.done, { timeout: 20_000 }).toBe(KEYS * MESSAGES);
      expect(workers.log.violations).toEqual([]);
    });
  });
});
