import { connect, VirtualClock } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { Sub } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const IDS = ["a", "b", "c", "d", "e", "f", "g"];

describe("batches of a worker with a rate or a circuit", () => {
  it("count each message: a batch has no more than may start", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    const calls: (readonly [atMs: number, ids: string])[] = [];
    const beganMs = clock.now();
    await pubsub.subscribe(
      Sub,
      (_, contexts) => void calls.push([clock.now() - beganMs, contexts.map(({ id }) => id).join("")]),
      { batch: { maxMessages: 5, maxWaitMs: 10 }, rate: { max: 3, perMs: 1000 } },
    );
    for (const id of IDS) adapter.deliver({ id });
    await clock.advance(5000);
    expect(calls).toEqual([
      [0, "abc"],
      [1000, "def"],
      [2000, "g"],
    ]);
    await pubsub.close();
    expect(clock.pending).toBe(0);
  });

  it("have one message while the circuit tries again, and are full when it is closed", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    const calls: string[] = [];
    let isDown = true;
    await pubsub.subscribe(
      Sub,
      (_, contexts) => {
        calls.push(contexts.map(({ id }) => id).join(""));
        if (isDown) throw new Error("down");
      },
      {
        maxConcurrency: 1,
        batch: { maxMessages: 3, maxWaitMs: 10 },
        circuit: { failures: 3, openMs: 1000, probes: 1 },
      },
    );
    for (const id of IDS) adapter.deliver({ id });
    await clock.advance(500);
    expect(calls).toEqual(["abc"]);
    isDown = false;
    await clock.advance(2000);
    expect(calls).toEqual(["abc", "d", "efg"]);
    await pubsub.close();
    expect(clock.pending).toBe(0);
  });
});
