import { connect, defineSubscription, defineTopic, VirtualClock } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { mostOutstanding } from "../src/consume/most-outstanding.ts";
import { opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Events = defineTopic<object>("events");

describe("rate", () => {
  it("lets at most max attempts start in any span, in the order of arrival", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    const Limited = defineSubscription(Events, "limited", { rate: { max: 3, perMs: 1000 } });
    const starts: [string, number][] = [];
    const beganMs = clock.now();
    await pubsub.subscribe(Limited, (_event, { id }) => void starts.push([id, clock.now() - beganMs]));
    adapter.deliver({ id: "a" });
    await clock.advance(600);
    for (const id of ["b", "c", "d", "e", "f", "g"]) adapter.deliver({ id });
    await clock.advance(5000);
    // Not `d` at 600 and three more at 1000: between 600 and 1600 only three may start.
    expect(starts).toEqual([
      ["a", 0],
      ["b", 600],
      ["c", 600],
      ["d", 1000],
      ["e", 1600],
      ["f", 1600],
      ["g", 2000],
    ]);
    await pubsub.close();
    expect(clock.pending).toBe(0);
  });

  it("counts retries, and goes on after a pause", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    let starts = 0;
    const worker = await pubsub.subscribe(
      Sub,
      () => {
        starts += 1;
        throw new Error("fails");
      },
      { rate: { max: 2, perMs: 1000 } },
    );
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "a" }, 2);
    await worker.pause();
    await worker.resume();
    adapter.deliver({ id: "b" });
    await turn();
    expect(starts).toBe(2);
    expect(worker.health().rate).toEqual({ max: 2, perMs: 1000, fullForMs: 1000 });
    await clock.advance(999);
    expect(starts).toBe(2);
    await clock.advance(1);
    expect(starts).toBe(3);
    await pubsub.close();
  });

  it("renews the leases of what waits", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock });
    await pubsub.subscribe(Sub, () => {}, { rate: { max: 1, perMs: 10_000 } });
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b" });
    await clock.advance(9000);
    expect(adapter.extended.length).toBeGreaterThan(5);
    expect(adapter.extended.every((ids) => ids.join() === "b")).toBe(true);
    await clock.advance(1000);
    expect(adapter.settles.map(({ id }) => id)).toEqual(["a", "b"]);
    await pubsub.close();
  });

  it("bounds what is fetched", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, {});
    // A lease of 3 s: what starts in 3 s, and for prefetch in 1 s.
    await pubsub.subscribe(Sub, () => {}, { maxConcurrency: 100, prefetch: 100, rate: { max: 2, perMs: 1000 } });
    expect(adapter.maxOutstanding).toBe(6 + 2);
    const holding = { handled: 10, prefetch: 5, ackDeadlineMs: 30_000, ordered: false };
    expect(mostOutstanding({ ...holding, rate: undefined })).toBe(15);
    expect(mostOutstanding({ ...holding, rate: { max: 1, perMs: 3_600_000 } })).toBe(1);
    expect(mostOutstanding({ ...holding, rate: { max: 1000, perMs: 1000 } })).toBe(15);
    expect(mostOutstanding({ ...holding, ordered: true, rate: { max: 1, perMs: 1000 } })).toBe(1000);
    await pubsub.close();
  });

  it.each([
    [{ max: 0, perMs: 1 }, "rate.max is 0: must be a whole number from 1 to 100000 messages"],
    [{ max: 1, perMs: 0.5 }, "rate.perMs is 0.5: must be a whole number from 1 to 3600000 ms"],
    [{ max: 1 }, "rate.perMs is undefined: must be a whole number from 1 to 3600000 ms"],
    [{ max: 1, perMs: 1, burst: 2 }, 'rate has no option "burst": known are max, perMs'],
    [5, "rate must be { max, perMs }"],
  ])("refuses %o", async (rate, message) => {
    const { pubsub } = await opened(Sub, () => {});
    await expect(pubsub.subscribe(Sub, () => {}, { rate: rate as never })).rejects.toThrow(message);
    expect(() => defineSubscription(Events, "s", { rate: rate as never })).toThrow(`subscription "s": ${message}`);
  });
});
