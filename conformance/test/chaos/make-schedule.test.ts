import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSchedule, type ChaosAbilities } from "@anytopic/conformance";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSchedule } from "../../src/chaos/read-schedule.ts";
import { describeSchedule, laneOf, STEP_KINDS } from "../../src/chaos/schedule.ts";
import { adapter } from "../fixtures/toy-adapter.ts";

const { capabilities: toy } = adapter();
const everything: ChaosAbilities = {
  capabilities: { ...toy, ordering: "per-key", exactlyOnce: "native" },
  kinds: STEP_KINDS,
};
const seeds = Array.from({ length: 60 }, (_, seed) => seed);
const schedules = seeds.map((seed) => makeSchedule(seed, everything));

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "anytopic-chaos-test-"))));
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the same seed makes the same schedule, another seed another one", () => {
  expect(makeSchedule(7, everything)).toEqual(schedules[7]);
  expect(makeSchedule(8, everything).steps).not.toEqual(schedules[7]?.steps);
});

test("schedules last 20 to 40 s and together contain every kind of step", () => {
  for (const { durationMs } of schedules) expect(durationMs >= 20_000 && durationMs <= 40_000).toBe(true);
  const kinds = new Set(schedules.flatMap(({ steps }) => steps.map(({ kind }) => kind)));
  expect([...kinds].toSorted()).toEqual([...STEP_KINDS].toSorted());
});

test("every schedule publishes and works, on both sides of the proxy, and every step ends before it does", () => {
  for (const { processes, steps, durationMs } of schedules) {
    expect(processes.some(({ publishes }) => publishes.length > 0)).toBe(true);
    const workers = processes.filter(({ works }) => works.length > 0);
    expect(new Set(workers.map(({ proxied }) => proxied)).size).toBe(2);
    for (const { atMs, forMs } of steps) expect(atMs + forMs).toBeLessThan(durationMs);
  }
});

test("two network faults never overlap, and neither do two steps of one process", () => {
  for (const { steps } of schedules) {
    const endMs = new Map<string, number>();
    for (const step of steps) {
      expect(step.atMs).toBeGreaterThanOrEqual(endMs.get(laneOf(step)) ?? 0);
      endMs.set(laneOf(step), step.atMs + step.forMs);
    }
  }
});

test("what a broker or a harness cannot do is in no schedule", () => {
  const little: ChaosAbilities = {
    capabilities: { ...toy, ordering: "none", exactlyOnce: "none" },
    kinds: ["close-worker", "redrive"],
  };
  for (const seed of seeds) {
    const { topics, steps } = makeSchedule(seed, little);
    expect(topics.some(({ ordered, exactlyOnce }) => ordered || exactlyOnce)).toBe(false);
    expect(steps.filter(({ kind }) => !little.kinds.includes(kind))).toEqual([]);
  }
});

test("a schedule can be saved, read and shown", async () => {
  const file = join(folder, "schedule.json");
  await writeFile(file, JSON.stringify(schedules[3]));
  expect(await readSchedule(file)).toEqual(schedules[3]);
  expect(describeSchedule(schedules[3] as (typeof schedules)[0])).toMatch(/^seed 3, \d+ s/);
});

test.each([
  ["{", "cannot be read as JSON"],
  ["{}", '"version" must be 1'],
  [JSON.stringify({ ...schedules[1], retryMs: "soon" }), `"retryMs" is 'soon': must be a number`],
  [JSON.stringify({ ...schedules[1], steps: undefined }), '"steps" must be a list'],
  [
    JSON.stringify({ ...schedules[1], steps: [{ kind: "quake", atMs: 0, forMs: 0 }] }),
    "step 0 has the kind 'quake': must be one of cut, ",
  ],
  [
    JSON.stringify({ ...schedules[1], steps: [{ kind: "kill", process: "w9", atMs: 0, forMs: 0 }] }),
    "step 0 names the process 'w9'",
  ],
  [JSON.stringify({ ...schedules[1], topics: [] }), 'which is not in "topics"'],
])("a file that is no schedule says what is wrong: %#", async (text, message) => {
  const file = join(folder, "wrong.json");
  await writeFile(file, text);
  await expect(readSchedule(file)).rejects.toThrow(message);
});
