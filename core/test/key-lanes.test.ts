import { describe, expect, it } from "vitest";

import type { DriverDelivery } from "../src/driver.ts";
import { InFlight } from "../src/consume/in-flight.ts";
import { KeyLanes } from "../src/consume/key-lanes.ts";
import { VirtualClock } from "../src/base/virtual-clock.ts";

interface OpenLanes {
  readonly clock: VirtualClock;
  readonly lanes: KeyLanes;
  readonly ready: string[];
  readonly given: string[];
  readonly item: (id: string) => InFlight;
}

function open(skips?: (item: InFlight) => boolean): OpenLanes {
  const clock = new VirtualClock();
  const ready: string[] = [];
  const given: string[] = [];
  const lanes = new KeyLanes({
    clock,
    ready: ({ id }) => void ready.push(id),
    giveBack: (items) => void given.push(...items.map(({ id }) => id)),
    skips,
    patienceMs: 10_000,
  });
  const leaseClock = { now: () => clock.now(), monotonicNow: () => clock.monotonicNow(), maxLeaseMs: 1000 };
  const item = (id: string): InFlight => new InFlight({ id } as DriverDelivery, leaseClock);
  return { clock, lanes, ready, given, item };
}

describe("timers of key lanes", () => {
  it("end when the awaited message has come back, and when its delay has passed", async () => {
    const { clock, lanes, ready, item } = open();
    const first = item("a");
    lanes.admit("k", first);
    lanes.awaitRetry("k", first, 100);
    expect(clock.pending).toBe(1);
    lanes.admit("k", item("a"));
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect(ready).toEqual(["a", "a"]);
    expect(clock.pending).toBe(0);
  });

  it("end when the lanes are cleared, in whatever they wait", () => {
    const { clock, lanes, item } = open();
    const awaited = item("a");
    lanes.admit("k", awaited);
    lanes.awaitRetry("k", awaited, 100);
    const delayed = item("b");
    lanes.admit("l", delayed);
    lanes.awaitRetry("l", delayed, 100);
    lanes.admit("l", item("b"));
    expect(clock.pending).toBe(2);
    lanes.clear();
    expect(clock.pending).toBe(0);
  });

  it("end when the message is revoked that waits for its delay", async () => {
    const { clock, lanes, ready, item } = open();
    const first = item("a");
    lanes.admit("k", first);
    lanes.awaitRetry("k", first, 100);
    const again = item("a");
    lanes.admit("k", again);
    lanes.admit("k", item("b"));
    lanes.revoked("k", again);
    expect(clock.pending).toBe(0);
    await Promise.resolve();
    expect(ready).toEqual(["a", "b"]);
  });

  it("give back what stands behind a message that does not return", async () => {
    const { clock, lanes, given, item } = open();
    const first = item("a");
    lanes.admit("k", first);
    lanes.admit("k", item("b"));
    lanes.awaitRetry("k", first, 100);
    await clock.advance(10_100);
    expect(given).toEqual(["b"]);
    // What comes again is waited for as long.
    expect(clock.pending).toBe(1);
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });
});

describe("what stood behind a message that does not return, and was given back", () => {
  const givenBack = async (): Promise<OpenLanes> => {
    const opened = open();
    const first = opened.item("a");
    for (const item of [first, opened.item("b"), opened.item("c")]) opened.lanes.admit("k", item);
    opened.lanes.awaitRetry("k", first, 100);
    await opened.clock.advance(10_100);
    expect(opened.given).toEqual(["b", "c"]);
    return opened;
  };

  it("starts before what was delivered meanwhile, in its order", async () => {
    const { clock, lanes, ready, item } = await givenBack();
    const [d, b, c, e] = [item("d"), item("b"), item("c"), item("e")];
    lanes.admit("k", d);
    lanes.admit("k", b);
    expect(ready).toEqual(["a", "b"]);
    lanes.settled("k", b);
    expect(ready).toEqual(["a", "b"]);
    lanes.admit("k", c);
    lanes.admit("k", e);
    lanes.settled("k", c);
    lanes.settled("k", d);
    lanes.settled("k", e);
    expect(ready).toEqual(["a", "b", "c", "d", "e"]);
    expect(clock.pending).toBe(0);
  });

  it("may be retried meanwhile", async () => {
    const { clock, lanes, ready, item } = await givenBack();
    const [d, b, again, c] = [item("d"), item("b"), item("b"), item("c")];
    lanes.admit("k", d);
    lanes.admit("k", b);
    lanes.awaitRetry("k", b, 50);
    lanes.admit("k", c);
    lanes.admit("k", again);
    await clock.advance(50);
    lanes.settled("k", again);
    lanes.settled("k", c);
    expect(ready).toEqual(["a", "b", "b", "c", "d"]);
    expect(clock.pending).toBe(0);
  });

  it("is waited for as long as the first one, and not longer", async () => {
    const { clock, lanes, ready, item } = await givenBack();
    const d = item("d");
    lanes.admit("k", d);
    await clock.advance(9_999);
    expect(ready).toEqual(["a"]);
    await clock.advance(1);
    expect(ready).toEqual(["a", "d"]);
    lanes.settled("k", d);
    expect(clock.pending).toBe(0);
  });
});

describe("skipped items of key lanes", () => {
  const isSkipped = ({ id }: InFlight): boolean => id.startsWith("skipped");

  it("wait for their turn, however many are in a row", () => {
    const skipped: string[] = [];
    const { lanes, ready, item } = open((one) => {
      if (isSkipped(one)) skipped.push(one.id);
      return isSkipped(one);
    });
    const first = item("first");
    lanes.admit("k", first);
    for (let n = 0; n < 100_000; n += 1) lanes.admit("k", item(`skipped-${n}`));
    const last = item("last");
    lanes.admit("k", last);
    expect([ready, skipped]).toEqual([["first"], []]);
    lanes.settled("k", first);
    expect(ready).toEqual(["first", "last"]);
    expect(skipped).toHaveLength(100_000);
    lanes.settled("k", last);
    lanes.admit("k", item("skipped-alone"));
    expect(skipped).toHaveLength(100_001);
    lanes.admit("k", item("next"));
    expect(ready).toEqual(["first", "last", "next"]);
  });

  it("do not let what is delivered meanwhile overtake", () => {
    const { lanes, ready, item } = open((one) => {
      // The broker sends the next message in the call that acknowledges this one.
      if (one.id === "skipped-a") lanes.admit("k", item("third"));
      return isSkipped(one);
    });
    const first = item("first");
    lanes.admit("k", first);
    lanes.admit("k", item("skipped-a"));
    const second = item("second");
    lanes.admit("k", second);
    lanes.settled("k", first);
    expect(ready).toEqual(["first", "second"]);
    lanes.settled("k", second);
    expect(ready).toEqual(["first", "second", "third"]);
  });

  it("do not end the wait for a message that is retried, whatever their id", () => {
    const skipped = new Set<InFlight>();
    const { lanes, ready, item } = open((one) => skipped.has(one));
    const failed = item("a");
    lanes.admit("k", failed);
    lanes.awaitRetry("k", failed, 0);
    const forged = item("a");
    skipped.add(forged);
    lanes.admit("k", forged);
    lanes.admit("k", item("b"));
    expect(ready).toEqual(["a"]);
    lanes.admit("k", item("a"));
    expect(ready).toEqual(["a", "a"]);
  });
});
