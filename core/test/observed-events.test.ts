import { PubSubError, Reject } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { Events, opened, Sub, turn } from "./opened-worker.ts";

describe("what the observer is told for metrics", () => {
  it("when a delivered message was published, and 0 when that cannot be known", async () => {
    const { adapter, events, clock } = await opened(Sub, () => {});
    adapter.deliver({ id: "a", publishTimeMs: clock.now() - 500 });
    adapter.deliver({ id: "b", publishTimeMs: Number.NaN });
    adapter.deliver({ id: "c", publishTimeMs: -1 });
    await turn();
    expect(events.flatMap((event) => (event.type === "deliver" ? [event.publishTimeMs] : []))).toEqual([
      clock.now() - 500,
      0,
      0,
    ]);
  });

  it("how long a publish took that failed", async () => {
    const { adapter, events, clock, pubsub } = await opened(Sub, () => {});
    const publish = pubsub.publish(Events, {});
    await turn();
    await clock.advance(70);
    adapter.requests[0]?.reject(new PubSubError("UNAVAILABLE", "gone"));
    await expect(publish).rejects.toThrow("gone");
    expect(events).toContainEqual(expect.objectContaining({ type: "publish-failed", durationMs: 70 }));
  });

  it("how long the attempt took that ended in a dead letter, without the time of storing it", async () => {
    const { adapter, events, clock } = await opened(Sub, async () => {
      await clock.advance(40);
      throw new Reject("never");
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    adapter.storing = promise;
    adapter.deliver({ id: "a" });
    await clock.advance(500);
    resolve();
    await turn();
    expect(events.at(-1)).toMatchObject({ type: "dead-letter", durationMs: 40 });
  });

  it("that no attempt has ended when only the letter was stored again", async () => {
    const { adapter, events } = await opened(Sub, () => Promise.reject(new Reject("never")));
    adapter.storeFailure = new PubSubError("UNAVAILABLE", "gone");
    adapter.deliver({ id: "a" });
    await turn();
    adapter.storeFailure = undefined;
    adapter.deliver({ id: "a" }, 2);
    await turn();
    expect(events.at(-1)).toMatchObject({ type: "dead-letter", attempt: 2, durationMs: undefined });
  });

  it("that a lease was lost while the handler ran, and not for a message that waited", async () => {
    const { promise } = Promise.withResolvers<void>();
    const { adapter, events } = await opened(Sub, () => promise);
    const [a, , c] = ["a", "b", "c"].map((id) => adapter.deliver({ id }));
    await turn();
    if (c !== undefined) adapter.sink.revoke(c);
    if (a !== undefined) adapter.sink.revoke(a);
    adapter.sink.revokeAll();
    const lost = events.flatMap((event) => (event.type === "lease-lost" ? [[event.id, event.error?.code]] : []));
    expect(lost).toEqual([
      ["a", "LEASE_LOST"],
      ["b", "LEASE_LOST"],
    ]);
  });
});

it("a PubSub knows the subscriptions that have a worker, each once", async () => {
  const { pubsub, worker } = await opened(Sub, () => {});
  const second = await pubsub.subscribe(Sub, () => {});
  expect(pubsub.subscriptions.map(({ topic, name }) => [topic.name, name])).toEqual([["events", "sub"]]);
  await worker.close();
  await second.close();
  expect(pubsub.subscriptions).toEqual([]);
});
