import { startBrokerOrSkip } from "@anytopic/brokers";
import { abilitiesOf, describeSchedule, makeSchedule, runSchedule } from "@anytopic/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { createHarness } from "./harness.ts";

// Real processes and real faults take a minute: only when asked for, as `npm run chaos` does with more of them.
const broker = process.env["ANYTOPIC_CHAOS"] === undefined ? undefined : await startBrokerOrSkip("gcp");
const harness = broker === undefined ? undefined : await createHarness(broker);

const DURATION_MS = 16_000;

describe.skipIf(harness === undefined)("chaos", () => {
  if (harness === undefined) return;
  afterAll(() => harness.close());

  // More of them: npm run chaos -- --adapter gcp --schedules 100 --seed 1
  test.each([2])("a schedule with seed %i violates nothing", { timeout: 240_000 }, async (seed) => {
    const schedule = makeSchedule(seed, abilitiesOf(harness), { durationMs: DURATION_MS });
    const { violations, numbers, history } = await runSchedule(harness, schedule);
    expect(violations, `${describeSchedule(schedule)}\nhistory: ${history ?? "not kept"}`).toEqual([]);
    expect(numbers.accepted).toBeGreaterThan(50);
  });
});
