import { describe, expect, test } from "vitest";
import { runSchedule } from "./simulation/run-schedule.ts";
import { SimulatedWorkers, type Work } from "./simulation/simulated-workers.ts";

const instantly: Work = async () => {};

/** Each handler resolves when the test lets it, by key and number. */
class Gate {
  readonly #open = new Set<string>();
  readonly #waiting = new Map<string, () => void>();

  readonly work: Work = async ({ key, number }, _attempt, { id }) => {
    const name = `${id}:${key}/${number}`;
    if (!this.#open.has(name)) await new Promise<void>((resolve) => this.#waiting.set(name, resolve));
  };

  open(...names: readonly string[]): void {
    for (const name of names) {
      this.#open.add(name);
      this.#waiting.get(name)?.();
    }
  }
}

/**
 * Schedules that failed before deliveries were counted: a message started before its predecessor, or a key was closed for
 * ever (the last three). And a few random ones.
 */
const SEEDS = [
  1152, 1233, 2273, 2741, 2750, 3092, 3103, 3271, 3368, 3545, 4460, 4507, 4744, 5013, 5680, 5705, 6367, 6397, 6502,
  7152, 7162, 7355, 487, 1159, 6963,
];
const OTHER_SEEDS = Array.from({ length: 30 }, (_, index) => 20_000 + index);
/** Schedules with a server that is killed and forgets a part. */
const RESTARTS = Array.from({ length: 20 }, (_, index) => 30_000 + index);
/**
 * The same, and processes of workers stand still. In the first one a message started before one whose lease had ended, in the second one
 * before one that the server had forgotten to have delivered.
 */
const STANDSTILLS = [63_875, 64_839, ...Array.from({ length: 20 }, (_, index) => 60_000 + index)];

describe("an ordered subscription in a simulation of server and lines", () => {
  test("a new active worker notices a delivery that went to the request of the former one", async () => {
    const run = new SimulatedWorkers({ seed: 1, leaderLeaseMs: 1000, ackDeadlineMs: 1500 });
    run.open(instantly);
    await run.clock.run(100);
    run.open(instantly);
    run.publish("k", 1);
    await run.clock.run(900);
    expect(run.check.doneCount).toBe(1);
    // Silent for longer than its lease; the server still believes that the line and its request are alive.
    run.workers.get(1)?.line.block(4000, false);
    await run.clock.run(2500);
    run.publish("k", 2);
    await run.clock.run(20);
    run.publish("k", 3);
    await run.clock.run(10_000, () => run.check.doneCount === 3);
    expect({ violations: run.check.violations, done: run.check.doneCount }).toEqual({ violations: [], done: 3 });
    await run.closeAll();
  });

  test("a late ack of the former active worker does not hide a message that is missing", async () => {
    const run = new SimulatedWorkers({ seed: 1, leaderLeaseMs: 1000, ackDeadlineMs: 2400 });
    const gate = new Gate();
    gate.open("2:k/1", "2:k/2", "2:k/3", "2:other/1");
    run.open(gate.work);
    run.publish("k", 1);
    await run.clock.run(100);
    run.open(gate.work);
    await run.clock.run(1000);
    run.publish("k", 2);
    await run.clock.run(50);
    run.workers.get(1)?.line.block(4550, false);
    await run.clock.run(50);
    // Its ack takes four seconds to arrive, and so does the renewal of the second message, which has started.
    gate.open("1:k/1");
    await run.clock.run(2100);
    // Requests are served in turn, so the first message goes to the new active worker, not to the former one.
    run.publish("other", 1);
    await run.clock.run(2450);
    // The first message has been delivered, and then its ack has arrived.
    run.publish("k", 3);
    await run.clock.run(20_000, () => run.check.doneCount === 4);
    expect({ violations: run.check.violations, done: run.check.doneCount }).toEqual({ violations: [], done: 4 });
    gate.open("1:k/2");
    await run.closeAll();
  });

  test("a retried message that a late ack has settled does not close its key for ever", async () => {
    const run = new SimulatedWorkers({ seed: 1, leaderLeaseMs: 1000, ackDeadlineMs: 2400 });
    const gate = new Gate();
    run.open(gate.work);
    run.publish("k", 1);
    await run.clock.run(100);
    let failed = false;
    run.open(async ({ number }) => {
      if (failed || number !== 1) return;
      failed = true;
      throw new Error("not yet");
    });
    await run.clock.run(1050);
    run.workers.get(1)?.line.block(4550, false);
    await run.clock.run(50);
    gate.open("1:k/1");
    await run.clock.run(1800);
    // As above: requests are served in turn.
    run.publish("other", 1);
    run.publish("k", 2);
    run.publish("k", 3);
    await run.clock.run(60_000, () => run.check.doneCount === 4 && run.server.consumer.pending.size === 0);
    expect({ failed, done: run.check.doneCount, unsettled: run.server.consumer.pending.size }).toEqual({
      failed: true,
      done: 4,
      unsettled: 0,
    });
    expect(run.check.violations).toEqual([]);
    await run.closeAll();
  });

  test("a message that has succeeded late is not overtaken by those that its place lets in", async () => {
    const run = new SimulatedWorkers({ seed: 1, leaderLeaseMs: 1000, ackDeadlineMs: 1500 });
    run.open(async ({ number }) => (number === 1 ? run.sleep(2500) : undefined));
    await run.clock.run(500);
    run.publish("k", 1);
    await run.clock.run(100);
    // It ends after the lease is lost. The worker remembers that, and settles the redelivery as soon as it gets it.
    run.workers.get(1)?.line.block(3000, false);
    // More than a worker has at a time.
    for (let number = 2; number <= 1100; number++) run.publish("k", number);
    await run.clock.run(60_000, () => run.check.doneCount === 1100);
    expect({ violations: run.check.violations, done: run.check.doneCount }).toEqual({ violations: [], done: 1100 });
    await run.closeAll();
  });

  test("hundreds of faults, as seeds decide, lose nothing and keep the order", { timeout: 60_000 }, async () => {
    const broken: string[] = [];
    for (const seed of [...SEEDS, ...OTHER_SEEDS, ...RESTARTS, ...STANDSTILLS]) {
      const standstills = STANDSTILLS.includes(seed);
      const restarts = standstills || RESTARTS.includes(seed);
      const { violations, lost } = await runSchedule(seed, { restarts, standstills });
      if (violations.length > 0 || lost > 0) broken.push(`${seed}: ${lost} lost; ${violations.join("; ")}`);
    }
    expect(broken).toEqual([]);
  });

  test.each([1, 2])("worker %i of two says that it receives after its line was cut and mended", async (id) => {
    const run = new SimulatedWorkers({ seed: id, leaderLeaseMs: 1000, ackDeadlineMs: 1500 });
    run.open(instantly);
    await run.clock.run(100);
    run.open(instantly);
    await run.clock.run(900);
    const worker = run.workers.get(id);
    worker?.line.cut("closes", "lost");
    worker?.line.stayAway(2500);
    await run.clock.run(2000);
    expect(worker?.pubsub.health()).toMatchObject({ status: "degraded", subscriptions: [{ state: "failing" }] });
    await run.clock.run(5000);
    expect(worker?.pubsub.health()).toMatchObject({ status: "up", subscriptions: [{ state: "receiving" }] });
    await run.closeAll();
  });
});
