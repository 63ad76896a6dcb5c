import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { FromService, ShutdownTask } from "./shutdown-process.ts";

const broker = await startBrokerOrSkip("nats");

/** A process of a service, and what it has said. */
class Service {
  readonly said: FromService[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor(task: ShutdownTask) {
    this.#child = fork(`${import.meta.dirname}/shutdown-process.ts`, [JSON.stringify(task)]);
    this.#child.on("message", (message: FromService) => this.said.push(message));
    this.#ended = once(this.#child, "exit");
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  count(type: FromService["type"]): number {
    return this.said.filter((one) => one.type === type).length;
  }

  async says(type: FromService["type"], times = 1): Promise<void> {
    const condition = { timeout: 30_000, interval: 20 };
    await vi.waitUntil(() => this.count(type) >= times, condition);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Its exit code, and how long it took from now, in ms. */
  async ends(): Promise<{ readonly code: unknown; readonly afterMs: number }> {
    const startMs = performance.now();
    const [code, signal] = await this.#ended;
    return { code: code ?? signal, afterMs: performance.now() - startMs };
  }
}

describe.skipIf(broker === undefined)("a service that ends by signals", () => {
  const { url: servers } = broker as Broker;
  afterAll(() => (broker as Broker).close());

  async function start(
    options: Partial<ShutdownTask>,
    jobs: number,
  ): Promise<{
    readonly service: Service;
    readonly pubsub: PubSub;
    readonly topic: string;
    readonly ids: readonly string[];
  }> {
    const topic = `jobs-${randomUUID().slice(0, 8)}`;
    const pubsub = await connect(nats({ servers }));
    onTestFinished(() => pubsub.close());
    const task = { servers, topic, handleMs: 700, timeoutMs: 10_000, readinessDelayMs: 0, onClosed: "ends" } as const;
    const service = new Service({ ...task, ...options });
    await service.says("ready");
    const Jobs = defineTopic<number>(topic);
    const ids = await Promise.all(Array.from({ length: jobs }, (_, index) => pubsub.publish(Jobs, index)));
    if (jobs > 0) await service.says("started", Math.min(2, jobs));
    return { service, pubsub, topic, ids };
  }

  test("handlers and publishes end, what has not started goes to others at once, and the exit code is 0", async () => {
    const { service, pubsub, topic, ids } = await start({}, 6);
    service.kill("SIGTERM");
    const { code, afterMs } = await service.ends();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(6000);
    expect(service.count("ended")).toBe(service.count("started"));
    expect(service.count("published")).toBe(1);
    expect(service.said.at(-1)).toEqual({ type: "closed" });

    const Done = defineTopic<string>(`${topic}-done`);
    const done: string[] = [];
    await pubsub.subscribe(defineSubscription(Done, "archive"), (text) => void done.push(text));
    const handled = service.said.flatMap((one) => (one.type === "ended" ? [`handled ${one.id}`] : []));
    const pending = Array.from({ length: 100 }, (_, index) => `pending ${index}`);
    await vi.waitUntil(() => done.length >= handled.length + 100, { timeout: 20_000 });
    expect(done.toSorted()).toEqual([...handled, ...pending].toSorted());

    const started = new Set(service.said.flatMap((one) => (one.type === "started" ? [one.id] : [])));
    const left = ids.filter((id) => !started.has(id));
    const taken: string[] = [];
    const Work = defineSubscription(defineTopic<number>(topic), "work");
    await pubsub.subscribe(Work, (_job, { id }) => void taken.push(id));
    // Its lease is 30 s: they were given back.
    await vi.waitUntil(() => taken.length >= left.length, { timeout: 5000 });
    expect(taken.toSorted()).toEqual(left.toSorted());
  }, 60_000);

  test("readiness goes down first, while everything works on", async () => {
    const { service } = await start({ readinessDelayMs: 1500, handleMs: 200 }, 1);
    await service.says("probe");
    expect(service.said.find(({ type }) => type === "probe")).toMatchObject({ ready: 200, live: 200 });
    service.kill("SIGINT");
    await service.says("signal");
    expect(service.said.find(({ type }) => type === "signal")).toMatchObject({ ready: 503, live: 200 });
    const probes = service.count("probe");
    const { code, afterMs } = await service.ends();
    expect(code).toBe(0);
    expect(afterMs).toBeGreaterThan(1000);
    expect(service.count("probe")).toBeGreaterThan(probes + 5);
  }, 60_000);

  test("a handler that hangs delays the end only until the deadline", async () => {
    const { service } = await start({ handleMs: 3_600_000, timeoutMs: 500 }, 1);
    service.kill("SIGTERM");
    const { code, afterMs } = await service.ends();
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(500 + 5000 + 1000);
    expect(service.count("ended")).toBe(0);
  }, 60_000);

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)(
    "a second signal, %s, ends the process at once",
    async (signal, expected) => {
      const { service } = await start({ handleMs: 3_600_000, timeoutMs: 60_000 }, 1);
      service.kill("SIGTERM");
      await service.says("signal");
      service.kill(signal);
      const { code, afterMs } = await service.ends();
      expect(code).toBe(expected);
      expect(afterMs).toBeLessThan(5000);
    },
    60_000,
  );

  test("a second signal also ends an onClosed that hangs", async () => {
    const { service } = await start({ onClosed: "hangs" }, 0);
    service.kill("SIGTERM");
    await service.says("closed");
    service.kill("SIGTERM");
    expect((await service.ends()).code).toBe(143);
  }, 60_000);

  test("an onClosed that fails gives exit code 1", async () => {
    const { service } = await start({ onClosed: "fails" }, 0);
    service.kill("SIGTERM");
    expect((await service.ends()).code).toBe(1);
    expect(service.said.at(-1)).toEqual({ type: "closed" });
  }, 60_000);
});
