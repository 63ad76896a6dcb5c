import { PubSubError, Reject } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { opened, type OpenedWorker, Sub, turn } from "./opened-worker.ts";

interface Storing extends OpenedWorker {
  readonly started: string[];
  readonly stored: () => void;
  /** Lets every handler that hangs return. */
  readonly go: () => void;
}

/** A worker with two places, whose dead letters are not stored before `stored` is called. */
async function storing(): Promise<Storing> {
  const started: string[] = [];
  const hanging = Promise.withResolvers<void>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = await opened(Sub, async (_event, { id }) => {
    started.push(id);
    if (id.startsWith("bad")) throw new Reject("never");
    await hanging.promise;
  });
  worker.adapter.storing = promise;
  return { ...worker, started, stored: resolve, go: hanging.resolve };
}

describe("a dead letter that is being stored takes a place", () => {
  it.each([
    ["one", undefined],
    ["one that fails", new PubSubError("UNAVAILABLE", "gone")],
  ])("until that has ended, also when the delivery is revoked meanwhile: %s", async (_what, failure) => {
    const { adapter, worker, started, stored, go } = await storing();
    adapter.storeFailure = failure;
    const bad = adapter.deliver({ id: "bad" });
    adapter.deliver({ id: "long" });
    adapter.deliver({ id: "next" });
    await turn();
    expect(adapter.sink.revoke(bad)).toBe(false);
    await turn();
    expect(started).toEqual(["bad", "long"]);
    expect(worker.health()).toMatchObject({ running: 2, waiting: 1, abandoned: 0 });
    stored();
    await turn();
    expect(started).toEqual(["bad", "long", "next"]);
    expect(worker.health()).toMatchObject({ running: 2, waiting: 0 });
    go();
    await turn();
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
    expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([
      ["long", "ack"],
      ["next", "ack"],
    ]);
  });

  it("also when everything is revoked again and again, as by a connection that does not hold", async () => {
    const { adapter, worker, started, stored } = await storing();
    for (let round = 1; round <= 3; round += 1) {
      for (const id of ["bad-1", "bad-2", "bad-3"]) adapter.deliver({ id }, round);
      await turn();
      adapter.sink.revokeAll();
      await turn();
    }
    expect(started).toEqual(["bad-1", "bad-2"]);
    expect(worker.health()).toMatchObject({ running: 2, waiting: 0 });
    stored();
    await turn();
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });

  it("also when its handler was given up, and returns meanwhile", async () => {
    const { adapter, clock, worker, started, stored, go } = await storing();
    adapter.deliver({ id: "long-1" }, 3);
    adapter.deliver({ id: "long-2" }, 3);
    await clock.advance(10_000);
    expect(worker.health()).toMatchObject({ running: 2, abandoned: 2 });
    adapter.deliver({ id: "next" });
    go();
    await turn();
    expect(started).toEqual(["long-1", "long-2"]);
    expect(worker.health()).toMatchObject({ running: 2, abandoned: 0, waiting: 1 });
    stored();
    await turn();
    expect(started).toEqual(["long-1", "long-2", "next"]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });

  it("closing waits for it no longer than for a handler", async () => {
    const { adapter, clock, worker, stored } = await storing();
    const bad = adapter.deliver({ id: "bad" });
    await turn();
    adapter.sink.revoke(bad);
    const closed = worker.close({ timeoutMs: 1000 });
    await clock.advance(1000);
    await closed;
    expect(worker.health()).toMatchObject({ state: "closing", abandoned: 0 });
    stored();
    await turn();
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });
});
