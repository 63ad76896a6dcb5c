import { describe, expect, it } from "vitest";

import { opened, Sub, turn } from "./opened-worker.ts";

describe("retries that a broker brings back early after an outage", () => {
  it("wait for the rest of their delay, without a place, and then run", async () => {
    const attempts: [string, number][] = [];
    const { adapter, clock, worker } = await opened(Sub, (_event, { id, attempt }) => {
      attempts.push([id, attempt]);
      if (attempt === 1) throw new Error("once more");
    });
    adapter.deliver({ id: "a" }, 1);
    await turn();
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry", delayMs: 100 }]);
    adapter.sink.receiving(true);
    adapter.deliver({ id: "a" }, 2);
    adapter.deliver({ id: "b" }, 2);
    await turn();
    expect(attempts).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 1 });
    await clock.advance(99);
    expect(attempts).toHaveLength(2);
    await clock.advance(1);
    await turn();
    expect(attempts.at(-1)).toEqual(["a", 2]);
    expect(adapter.settles.at(-1)).toMatchObject({ id: "a", how: "ack" });
  });

  it("are told from others that were published under the same id", async () => {
    const attempts: [number, number][] = [];
    const { adapter, clock } = await opened(Sub, (_event, { publishTime, attempt }) => {
      attempts.push([publishTime.getTime(), attempt]);
      if (attempt === 1) throw new Error("once more");
    });
    adapter.deliver({ id: "a", publishTimeMs: 1 }, 1);
    await turn();
    adapter.sink.receiving(true);
    adapter.deliver({ id: "a", publishTimeMs: 2 }, 2);
    adapter.deliver({ id: "a", publishTimeMs: 1 }, 2);
    await turn();
    expect(attempts).toEqual([
      [1, 1],
      [2, 2],
    ]);
    await clock.advance(100);
    expect(attempts.at(-1)).toEqual([1, 2]);
  });

  it("are given back by a worker that closes", async () => {
    const { adapter, worker } = await opened(Sub, () => {
      throw new Error("once more");
    });
    adapter.deliver({ id: "a" }, 1);
    await turn();
    adapter.sink.receiving(true);
    adapter.deliver({ id: "a" }, 2);
    await worker.close();
    expect(adapter.settles.map(({ how }) => how)).toEqual(["retry", "release"]);
  });
});
