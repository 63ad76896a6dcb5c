import { AsyncLocalStorage } from "node:async_hooks";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { opened, Sub, turn } from "./opened-worker.ts";

const request = new AsyncLocalStorage<string>();
const Topic = defineTopic<number>("topic", {
  schema: { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as number }) } },
});
const Consumer = defineSubscription(Topic, "consumer", { maxConcurrency: 1 });

async function inRequests(pubsub: PubSub): Promise<void> {
  await Promise.all([1, 2, 3].map((n) => request.run(`request ${n}`, () => pubsub.publish(Topic, n))));
}

describe("the async context of a handler", () => {
  it("is that of its subscribe, whoever publishes, also for one that waited for a place", async () => {
    await using pubsub = await connect("memory:", { declarations: [Consumer] });
    const seen: unknown[] = [];
    await request.run("subscriber", () =>
      pubsub.subscribe(Consumer, async () => {
        seen.push(request.getStore());
        await turn();
        // What one handler enters stays its own.
        request.enterWith("handler");
      }),
    );
    await inRequests(pubsub);
    await expect.poll(() => seen).toEqual(["subscriber", "subscriber", "subscriber"]);
  });

  it("is the reader's in the pull form", async () => {
    await using pubsub = await connect("memory:", { declarations: [Consumer] });
    const seen: unknown[] = [];
    const reading = request.run("reader", async () => {
      for await (const delivery of pubsub.deliveries(Consumer)) {
        seen.push(request.getStore());
        await delivery.ack();
        if (seen.length === 3) return;
      }
    });
    await inRequests(pubsub);
    await reading;
    expect(seen).toEqual(["reader", "reader", "reader"]);
  });

  it("is the observer's, too, and nobody else's timers carry it on", async () => {
    const seen = new Set<unknown>();
    const { adapter, clock } = await opened(Sub, (_event, { signal }) => {
      signal.addEventListener("abort", () => seen.add(request.getStore()));
      return new Promise(() => {});
    });
    request.run("a request", () => adapter.deliver({ id: "a" }));
    await clock.advance(10_000);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry" }]);
    expect([...seen]).toEqual([undefined]);
  });
});
