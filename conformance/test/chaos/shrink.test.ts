import { makeSchedule, shrinkSchedule, type ChaosSchedule } from "@anytopic/conformance";
import { expect, test } from "vitest";
import { STEP_KINDS } from "../../src/chaos/schedule.ts";
import { adapter } from "../fixtures/toy-adapter.ts";

const { capabilities } = adapter();
const schedule = makeSchedule(4, { capabilities: { ...capabilities, ordering: "per-key" }, kinds: STEP_KINDS });
const has = (schedule: ChaosSchedule, ...kinds: readonly string[]): boolean =>
  kinds.every((wanted) => schedule.steps.some(({ kind }) => kind === wanted));
const [first, last] = [schedule.steps[0], schedule.steps.at(-1)];

test("what a failure does not need is left out: steps, processes, topics and time", async () => {
  const kinds = [first?.kind ?? "", last?.kind ?? ""];
  const smallest = await shrinkSchedule(schedule, {
    budgetMs: 60_000,
    stillFails: async (candidate) => has(candidate, ...kinds),
  });
  expect(smallest.steps.map(({ kind }) => kind).toSorted()).toEqual([...new Set(kinds)].toSorted());
  expect(smallest.topics).toHaveLength(1);
  expect(smallest.processes.length).toBeLessThan(schedule.processes.length);
  expect(smallest.processes.some(({ publishes }) => publishes.length > 0)).toBe(true);
  expect(smallest.processes.some(({ works }) => works.length > 0)).toBe(true);
  expect(smallest.durationMs).toBeLessThanOrEqual(schedule.durationMs);
});

test("a failure that needs everything stays as it is", async () => {
  let tried = 0;
  const smallest = await shrinkSchedule(schedule, {
    budgetMs: 60_000,
    stillFails: async () => {
      tried += 1;
      return false;
    },
  });
  expect(smallest).toBe(schedule);
  expect(tried).toBeGreaterThan(schedule.steps.length);
});

test("nothing is tried when the budget is used up", async () => {
  let nowMs = 0;
  let tried = 0;
  const smallest = await shrinkSchedule(schedule, {
    budgetMs: 1000,
    now: () => nowMs,
    stillFails: async () => {
      tried += 1;
      nowMs += 400;
      return true;
    },
  });
  expect(tried).toBe(3);
  expect(smallest.steps.length).toBeLessThan(schedule.steps.length);
});
