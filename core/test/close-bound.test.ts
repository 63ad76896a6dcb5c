import {
  connect,
  defineTopic,
  VirtualClock,
  type Logger,
  type PubSub,
  type StandardSchema,
  type Worker,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { Events, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

const never = (): Promise<never> => new Promise(() => {});

interface Opened {
  readonly adapter: ScriptedAdapter;
  readonly clock: VirtualClock;
  readonly pubsub: PubSub;
  readonly worker: Worker;
  readonly warnings: string[];
}

async function open(handler: () => void | Promise<void>): Promise<Opened> {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const warn: Logger["warn"] = (_fields, message) => void warnings.push(message);
  const quiet = (): void => {};
  const pubsub = await connect(adapter, { clock, logger: { debug: quiet, info: quiet, error: quiet, warn } });
  const worker = await pubsub.subscribe(Sub, handler);
  return { adapter, clock, pubsub, worker, warnings };
}

/** The ms on the clock until `promise` has settled, in steps of 50. */
async function durationMs(clock: VirtualClock, promise: Promise<unknown>): Promise<number> {
  const startMs = clock.monotonicNow();
  const state = { settled: false };
  const end = (): void => void (state.settled = true);
  promise.then(end, end);
  await turn();
  while (!state.settled && clock.monotonicNow() - startMs < 100_000) {
    await clock.advance(50);
    await turn();
  }
  return clock.monotonicNow() - startMs;
}

describe("close, when nothing answers any more", () => {
  it("takes what handlers may take and 5 s more, for everything together, and says what it left behind", async () => {
    const { adapter, clock, pubsub, warnings } = await open(() => never());
    const published = pubsub.publish(Events, {}).catch((error: unknown) => error);
    void pubsub
      .deadLetters(Sub)
      .count()
      .catch(() => {});
    adapter.settleAnswer = never;
    adapter.closing = never;
    adapter.deliver({ id: "a" });
    await turn();
    const tookMs = await durationMs(clock, pubsub.close({ timeoutMs: 1000 }));
    // Each step has a moment to give up.
    expect(tookMs).toBeGreaterThanOrEqual(6000);
    expect(tookMs).toBeLessThanOrEqual(7000);
    expect(await published).toMatchObject({ code: "TIMEOUT" });
    expect(warnings).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/stopping the subscriber .* left behind/),
        expect.stringMatching(/closing the subscriber .* left behind/),
        expect.stringMatching(/closing the connection .* left behind/),
      ]),
    );
  });

  it("gives each step what the ones before it have left", async () => {
    const { adapter, clock, pubsub } = await open(() => {});
    const leftMs = new Map<string, number>();
    adapter.closing = async (what, timeoutMs) => {
      leftMs.set(what, timeoutMs);
      await new Promise<void>((resolve) => void clock.setTimer(resolve, 1500));
    };
    expect(await durationMs(clock, pubsub.close())).toBeLessThan(7000);
    expect([leftMs.get("stop"), leftMs.get("subscriber"), leftMs.get("letters"), leftMs.get("driver")]).toEqual([
      5000, 3500, 2000, 500,
    ]);
  });

  it("does not wait longer for a worker that somebody else closes with more patience", async () => {
    const { adapter, clock, pubsub, worker } = await open(() => never());
    adapter.deliver({ id: "a" });
    void worker.close({ timeoutMs: 60_000 });
    expect(await durationMs(clock, pubsub.close({ timeoutMs: 1000 }))).toBeLessThanOrEqual(1100);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
    expect(adapter.endedLeases).toEqual([]);
    await worker.closed;
  });

  it("is quick when handlers have ended, whatever they were permitted", async () => {
    const { adapter, clock, pubsub } = await open(() => {});
    adapter.closing = never;
    expect(await durationMs(clock, pubsub.close({ timeoutMs: 60_000 }))).toBeLessThanOrEqual(6000);
  });

  it("goes on when a driver throws or rejects", async () => {
    const { adapter, pubsub, warnings } = await open(() => {});
    adapter.closing = (what) => {
      throw new Error(what);
    };
    await pubsub.close();
    expect(warnings.filter((text) => text.endsWith("failed")).length).toBeGreaterThanOrEqual(3);
    expect(pubsub.health().status).toBe("down");
  });
});

describe("closing from inside", () => {
  it("lets handlers publish until the last of them has ended, to new topics too, and refuses everything else", async () => {
    const { promise: gate, resolve: open_ } = Promise.withResolvers<void>();
    const answers: Promise<unknown>[] = [];
    const opened = await open(async () => {
      await gate;
      answers.push(opened.pubsub.publish(Events, { from: "handler" }));
      await answers[0];
    });
    const { adapter, pubsub } = opened;
    adapter.deliver({ id: "a" });
    let closed = false;
    const closing = pubsub.close().then(() => (closed = true));
    await turn();
    await expect(pubsub.subscribe(Sub, () => {})).rejects.toMatchObject({ code: "CLOSED" });
    await expect(pubsub.deadLetters(Sub).count()).rejects.toMatchObject({ code: "CLOSED" });
    open_();
    while (adapter.requests.length === 0) await turn();
    expect(closed).toBe(false);
    adapter.requests[0]?.accept();
    await closing;
    expect(await answers[0]).toEqual(expect.any(String));
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
    await expect(pubsub.publish(Events, {})).rejects.toMatchObject({ code: "CLOSED" });
  });

  it.each(["worker", "pubsub"] as const)("does not wait for the handler that closes its %s", async (which) => {
    const order: string[] = [];
    const opened = await open(async () => {
      // After an await as well: the caller is known by its async context.
      await turn();
      await opened[which].close();
      order.push("handler");
    });
    const { adapter, worker } = opened;
    adapter.deliver({ id: "a" });
    await worker.closed;
    order.push("closed");
    expect(order).toEqual(["handler", "closed"]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });
});

it("a handler that closes its worker waits for a driver that does not stop no longer than closing may", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { adapter, clock, worker } = await open(async () => {
    await worker.close({ timeoutMs: 60_000 });
    resolve();
  });
  adapter.closing = (what) => (what === "stop" ? never() : Promise.resolve());
  adapter.deliver({ id: "a" });
  expect(await durationMs(clock, closed)).toBeLessThanOrEqual(5200);
  await turn();
  expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
});

describe("publishes from before close", () => {
  /** Looks at an event for as long as `answer` takes. */
  const schemaOf = (answer: Promise<void>): StandardSchema => ({
    "~standard": {
      version: 1,
      vendor: "test",
      async validate(value) {
        await answer;
        return { value };
      },
    },
  });

  it.each([
    ["in order", "a", false],
    ["in any order", undefined, false],
    ["to a mirror as well", undefined, true],
  ])("are sent, also while their schema still looks at them (%s)", async (_how, key, mirrored) => {
    const config = { ...twoBrokers(), topics: mirrored ? { checked: { mirror: "b" } } : {} };
    const { promise: answer, resolve: goOn } = Promise.withResolvers<void>();
    const options = key === undefined ? {} : { orderingKey: () => key };
    const topic = defineTopic("checked", { schema: schemaOf(answer), ...options });
    const pubsub = await connect({ config, declarations: [topic] });
    await pubsub.publishBatch(topic, []);
    const published = [pubsub.publish(topic, 1), pubsub.publish(topic, 2)];
    let closed = false;
    const closing = pubsub.close().then(() => (closed = true));
    // Far more than closing takes when it waits for nothing.
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(closed).toBe(false);
    goOn();
    expect(await Promise.all(published)).toEqual([expect.any(String), expect.any(String)]);
    await closing;
  });

  it("hold close no longer than it may take, when their schema never answers", async () => {
    const { clock, pubsub } = await open(() => {});
    const topic = defineTopic("checked", { schema: schemaOf(never()) });
    await pubsub.publishBatch(topic, []);
    void pubsub.publish(topic, 1);
    const tookMs = await durationMs(clock, pubsub.close());
    expect(tookMs).toBeGreaterThanOrEqual(5000);
    expect(tookMs).toBeLessThanOrEqual(6000);
  });

  it("are not sent any more when closing can wait no longer", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock, publish: { maxPending: 10 } });
    const published = Array.from({ length: 50 }, () => pubsub.publish(Events, {}).catch((error: unknown) => error));
    await turn();
    await durationMs(clock, pubsub.close());
    const codes = (await Promise.all(published)).map((error) => (error as { readonly code?: string }).code);
    expect(codes).toEqual(Array.from({ length: 50 }, (_, index) => (index < 10 ? "TIMEOUT" : "CLOSED")));
    expect(adapter.requests).toHaveLength(10);
  });
});
