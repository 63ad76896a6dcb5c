import { AsyncLocalStorage } from "node:async_hooks";
import {
  connect,
  defineSubscription,
  defineTopic,
  Reject,
  RetryAfter,
  type AttemptEnd,
  type Instrumentation,
  type PubSub,
} from "@anytopic/core";
import { describe, expect, test } from "vitest";

import { AttemptRecorder } from "./attempt-recorder.ts";
import { turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Orders = defineTopic<{ readonly n: number }>("orders");
const Mail = defineSubscription(Orders, "mail", {
  retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: 1, jitter: 0 },
});
type Handle = NonNullable<Instrumentation["handle"]>;
const tenants = new AsyncLocalStorage<string>();

const opened = async (...instrumentation: Instrumentation[]): Promise<PubSub> =>
  await connect("memory:", { instrumentation, declarations: [Mail] });

describe("several instrumentations", () => {
  const calls: string[] = [];
  const named = (name: string): Instrumentation => ({
    publish(_publish, carrier) {
      calls.push(`${name} publish`);
      carrier["by"] = name;
      return () => calls.push(`${name} published`);
    },
    publishBatch: ({ messages }) => {
      calls.push(`${name} batch of ${messages}`);
      return ({ failed }) => calls.push(`${name} batch ended, ${failed} failed`);
    },
    handle(_attempt, run) {
      calls.push(`${name} handle`);
      const returned = run(({ outcome }) => calls.push(`${name} ${outcome}`));
      calls.push(`${name} handled`);
      return returned;
    },
    settle: (_attempt, kind) => {
      calls.push(`${name} ${kind}…`);
      return () => calls.push(`${name} …${kind}`);
    },
  });

  test("compose: the first is the outermost, and an absent method is no obstacle", async () => {
    calls.length = 0;
    await using pubsub = await opened(named("outer"), { skip() {} }, named("inner"));
    await pubsub.subscribe(Mail, ({ n }) => void calls.push(`handler ${n}`));
    await pubsub.publish(Orders, { n: 1 });
    await pubsub.close();
    expect(calls).toEqual([
      "outer publish",
      "inner publish",
      "outer handle",
      "inner handle",
      "handler 1",
      "inner handled",
      "outer handled",
      "outer ack…",
      "inner ack…",
      "inner …ack",
      "outer …ack",
      "inner ack",
      "outer ack",
      "inner published",
      "outer published",
    ]);
  });

  test("see a batch before and after its entries, and are told of those that failed", async () => {
    calls.length = 0;
    await using pubsub = await opened(named("one"));
    const results = await pubsub.publishBatch(Orders, [
      { event: { n: 1 } },
      { event: { n: 1n } as never },
      { event: { n: 2 }, attributes: { key: "x".repeat(100_000_000) } },
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(calls.slice(0, 3)).toEqual(["one batch of 3", "one publish", "one publish"]);
    expect(calls.slice(3).toSorted()).toEqual(["one batch ended, 2 failed", "one published", "one published"]);
    calls.length = 0;
    await pubsub.publishBatch(Orders, []);
    expect(calls).toEqual([]);
  });
});

describe("a handler", () => {
  test("runs in the async context that handle sets, inside that of its subscribe, across awaits and in retries", async () => {
    const outer = new AsyncLocalStorage<string>();
    await using pubsub = await opened({
      handle: ({ attributes }, run) => tenants.run(attributes["tenant"] ?? "none", run),
    });
    const seen: unknown[] = [];
    await outer.run("subscriber", () =>
      pubsub.subscribe(Mail, async (_event, { attempt }) => {
        seen.push([attempt, tenants.getStore(), outer.getStore()]);
        await turn();
        seen.push([attempt, tenants.getStore(), outer.getStore()]);
        if (attempt === 1) throw new Error("again");
      }),
    );
    await outer.run("publisher", () => pubsub.publish(Orders, { n: 1 }, { attributes: { tenant: "blue" } }));
    await expect.poll(() => seen.length).toBe(4);
    expect(seen).toEqual([1, 1, 2, 2].map((attempt) => [attempt, "blue", "subscriber"]));
    expect(tenants.getStore()).toBeUndefined();
  });

  test("that starts later, because its instrumentation waits for something, keeps that context, too", async () => {
    await using pubsub = await opened({
      async handle(_attempt, run) {
        await turn();
        return await tenants.run("later", async () => await (run() as Promise<void>));
      },
    });
    const seen: unknown[] = [];
    await pubsub.subscribe(Mail, async () => {
      await turn();
      seen.push(tenants.getStore());
    });
    await pubsub.publish(Orders, { n: 1 });
    await expect.poll(() => seen).toEqual(["later"]);
  });

  test("does not start any more when its message was lost while its instrumentation waited", async () => {
    const adapter = new ScriptedAdapter();
    const recorder = new AttemptRecorder();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Instrumentation = {
      async handle(_attempt, run) {
        await promise;
        return run();
      },
    };
    await using pubsub = await connect(adapter, {
      instrumentation: [waiting, recorder],
      observer: recorder.observer,
    });
    let started = false;
    const worker = await pubsub.subscribe(Mail, () => void (started = true));
    adapter.sink.revoke(adapter.deliver({ id: "a" }));
    expect(worker.health()).toMatchObject({ running: 1, abandoned: 1 });
    resolve();
    await expect.poll(() => worker.health()).toMatchObject({ running: 0, abandoned: 0 });
    expect(started).toBe(false);
    expect(recorder.outcomes).toEqual(["skip lost"]);
    expect(recorder.unpaired).toEqual([]);
  });

  async function caught(run: () => unknown): Promise<void> {
    try {
      await run();
    } catch {
      // Handled here.
    }
  }
  const outcomes: readonly (readonly [string, Handle, AttemptEnd["outcome"], number])[] = [
    ["what handle returns decides: a failure that it catches is a success", (_attempt, run) => caught(run), "ack", 1],
    [
      "what handle throws after run decides: a transaction that cannot commit",
      async (_attempt, run) => {
        await caught(run);
        throw new Reject("not committed");
      },
      "dead-letter",
      1,
    ],
    [
      "what handle throws after run decides, synchronously",
      (_attempt, run) => {
        void caught(run);
        throw new RetryAfter(60_000);
      },
      "retry",
      1,
    ],
    [
      "an error after run is not taken for one before it",
      (_attempt, run) => {
        void caught(run);
        throw new Error("no");
      },
      "retry",
      1,
    ],
    [
      "Reject before run decides without the handler",
      () => {
        throw new Reject("no tenant");
      },
      "dead-letter",
      0,
    ],
    [
      "RetryAfter before run, too, also from a promise",
      async () => await Promise.reject(new RetryAfter(60_000)),
      "retry",
      0,
    ],
  ];

  test.for(outcomes)("%s", async ([, handle, outcome, runs]) => {
    const ends: AttemptEnd[] = [];
    const skipped: string[] = [];
    const watching: Instrumentation = { handle: (_attempt, run) => run((end) => ends.push(end)) };
    const inner = new AttemptRecorder();
    await using pubsub = await opened(watching, { handle, skip: () => void skipped.push("skip") }, inner);
    let ran = 0;
    await pubsub.subscribe(Mail, async ({ n }, { attempt }) => {
      if (attempt === 1) ran += 1;
      return await Promise.reject(new Error(`the handler of ${n}`));
    });
    await pubsub.publish(Orders, { n: 1 });
    await expect.poll(() => ends.length).toBeGreaterThan(0);
    expect(ends[0]?.outcome).toBe(outcome);
    expect(inner.ends[0]?.end).toEqual(ends[0]);
    expect(inner.ends[0]?.by).toBe(runs === 0 ? "skip" : "handler");
    expect(ran).toBe(runs);
    expect(skipped).toEqual([]);
  });
});
