import { describe, expect, test } from "vitest";
import { runSchedule } from "./simulation/run-schedule.ts";
import { SimulatedWorkers, type Work } from "./simulation/simulated-workers.ts";

const instantly: Work = async () => {};
const never: Work = async () => new Promise(() => {});

/** Number 13, 20 and 54 failed when answers of any leader were believed. */
const SEEDS = Array.from({ length: 60 }, (_, index) => 90_000 + index);

describe("an ordered subscription whose consumer is replicated, in a simulation", () => {
  test.each([
    ["was asked to step down", { leavingMs: 250, leaderlessMs: 20, readingMs: 0, hasLed: false }],
    ["was just elected again", { leavingMs: 0, leaderlessMs: 20, readingMs: 300, hasLed: true }],
  ])("a leader that %s does not hide an unsettled message", async (_, change) => {
    const run = new SimulatedWorkers({ seed: 1, leaderLeaseMs: 1000, ackDeadlineMs: 8000, isReplicated: true });
    run.open(never);
    await run.clock.run(1000);
    run.publish("k", 1);
    await run.clock.run(100);
    // It holds the first message, and is gone for longer than its lease.
    run.workers.get(1)?.line.stayAway(60_000);
    run.workers.get(1)?.line.cut("closes", "lost");
    run.open(instantly);
    await run.clock.run(3000);
    run.publish("k", 2);
    await run.clock.run(1000);
    expect(run.check.doneCount).toBe(0);
    run.changeLeader(0, change);
    await run.clock.run(30_000, () => run.check.doneCount === 2);
    expect({ violations: run.check.violations, done: run.check.doneCount }).toEqual({ violations: [], done: 2 });
    await run.closeAll();
  });

  test.each([false, true])(
    "acks that were sent while there was no leader are sent again, exactly-once: %s",
    async (exactlyOnce) => {
      const run = new SimulatedWorkers({
        seed: 1,
        leaderLeaseMs: 1000,
        ackDeadlineMs: 30_000,
        isReplicated: true,
        exactlyOnce,
      });
      let attempts = 0;
      run.open(async () => {
        attempts += 1;
        await run.sleep(400);
      });
      await run.clock.run(1000);
      for (const key of ["a", "b", "c"]) run.publish(key, 1);
      await run.clock.run(200);
      run.changeLeader(0, { leavingMs: 0, leaderlessMs: 3000, readingMs: 0, hasLed: false });
      await run.clock.run(1000);
      const { check, server } = run;
      expect({ done: check.doneCount, unsettled: server.consumer.pending.size }).toEqual({ done: 3, unsettled: 3 });
      await run.clock.run(60_000, () => server.consumer.pending.size === 0);
      expect({ attempts, unsettled: server.consumer.pending.size }).toEqual({ attempts: 3, unsettled: 0 });
      expect(run.nowMs).toBeLessThan(15_000);
      await run.closeAll();
    },
  );

  test("a worker whose lease has expired receives again, also if its timers fire too early", async () => {
    const run = new SimulatedWorkers({ seed: 1, leaderLeaseMs: 1000, ackDeadlineMs: 1500, timersFireEarlyMs: 0.5 });
    run.open(instantly);
    await run.clock.run(500);
    run.workers.get(1)?.line.block(1500, false);
    for (let number = 1; number <= 1500; number++) run.publish("k", number);
    await run.clock.run(60_000, () => run.check.doneCount === 1500);
    expect({ violations: run.check.violations, done: run.check.doneCount }).toEqual({ violations: [], done: 1500 });
    await run.closeAll();
  });

  test(
    "elections and other faults, as seeds decide, lose nothing and keep the order",
    { timeout: 60_000 },
    async () => {
      const broken: string[] = [];
      for (const seed of SEEDS) {
        const { violations, lost } = await runSchedule(seed, { elections: true });
        if (violations.length > 0 || lost > 0) broken.push(`${seed}: ${lost} lost; ${violations.join("; ")}`);
      }
      expect(broken).toEqual([]);
    },
  );
});
