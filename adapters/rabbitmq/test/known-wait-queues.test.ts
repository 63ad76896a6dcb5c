import { VirtualClock } from "@anytopic/core";
import { expect, test } from "vitest";
import { KnownWaitQueues } from "../src/retry/known-wait-queues.ts";

test("a wait queue that is missing is looked for again after longer and longer pauses", async () => {
  const clock = new VirtualClock();
  const known = new KnownWaitQueues(clock);
  expect(known.mayExist("q")).toBe(true);
  const pauses: number[] = [];
  for (let look = 0; look < 8; look += 1) {
    known.isMissing("q");
    let waitedMs = 0;
    while (!known.mayExist("q")) {
      await clock.advance(1000);
      waitedMs += 1000;
    }
    pauses.push(waitedMs);
  }
  expect(pauses).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  expect(known.mayExist("other")).toBe(true);
});

test("one that a worker has created is known at once", () => {
  const known = new KnownWaitQueues(new VirtualClock());
  known.isMissing("q");
  expect(known.mayExist("q")).toBe(false);
  known.exists("q");
  expect(known.mayExist("q")).toBe(true);
});
