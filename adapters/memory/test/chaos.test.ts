import {
  abilitiesOf,
  makeSchedule,
  runSchedule,
  type ChaosCheck,
  type ChaosSchedule,
  type Harness,
} from "@anytopic/conformance";
import { afterAll, describe, expect, test } from "vitest";
import { createHarness } from "./harness.ts";

const harnesses: Harness[] = [];
afterAll(async () => void (await Promise.all(harnesses.map((harness) => harness.close()))));
const opened = (): Harness => {
  const harness = createHarness();
  harnesses.push(harness);
  return harness;
};

const DURATION_MS = 12_000;
const TIMEOUT_MS = 120_000;

/** Seeds whose short schedules have at least three kinds of steps. */
test.each([3, 11])("a schedule with seed %i violates nothing", { timeout: TIMEOUT_MS }, async (seed) => {
  const harness = opened();
  const schedule = makeSchedule(seed, abilitiesOf(harness), { durationMs: DURATION_MS });
  const { violations, numbers } = await runSchedule(harness, schedule);
  expect(violations).toEqual([]);
  expect(numbers.accepted).toBeGreaterThan(50);
});

/** What chaos finds that no behaviour told it to look for. */
const FOUND_BY: Readonly<Record<string, ChaosCheck>> = {
  "lose-accepted": "lost",
  "drop-on-error": "lost",
  "lose-letters": "lost",
  "redrive-loses": "lost",
  "ack-before-handling": "lost",
  "never-answer": "recovery",
  "id-of-delivery": "damaged",
  reorder: "order",
  "overtake-on-retry": "order",
  "duplicate-each": "attempts",
  "attempts-never-count": "attempts",
  "ignore-delay": "early-delay",
  "ack-does-nothing": "needless-repeat",
};

/** All kinds of topics, many failures, and no step that would disturb the neighbours in this process. */
function huntingSchedule(seed: number): ChaosSchedule {
  const kinds = [true, false].flatMap((ordered) => [true, false].map((exactlyOnce) => ({ ordered, exactlyOnce })));
  const topics = kinds.map((kind, index) => ({ name: `t${index}`, ...kind }));
  const work = {
    maxConcurrency: 4,
    handleMs: [0, 10],
    failPercent: 20,
    rejectPercent: 4,
    retryAfterPercent: 2,
  } as const;
  return {
    version: 1,
    seed,
    durationMs: 4000,
    ackDeadlineMs: 1500,
    retryMs: 200,
    maxRetries: 3,
    recoveryMs: 3000,
    topics,
    processes: [
      {
        name: "p1",
        proxied: false,
        publishes: topics.map(({ name }) => ({ topic: name, batch: 6, pauseMs: 100, keys: 3 })),
        works: [],
      },
      {
        name: "w1",
        proxied: false,
        publishes: [],
        works: topics.map(({ name }) => ({ topic: name, ...work, slowPercent: 0, stubbornPercent: 0 })),
      },
    ],
    steps: [{ kind: "redrive", atMs: 2000, forMs: 0 }],
  };
}

test("the schedule that hunts saboteurs violates nothing with the right adapter", { timeout: TIMEOUT_MS }, async () => {
  const { violations, numbers } = await runSchedule(opened(), huntingSchedule(1));
  expect(violations).toEqual([]);
  expect(numbers.deadLetters).toBeGreaterThan(0);
});

describe.concurrent("saboteurs", () => {
  test.each(Object.entries(FOUND_BY))(
    "%s is found by the check %s",
    { timeout: TIMEOUT_MS },
    async (saboteur, check) => {
      const { violations } = await runSchedule(opened(), huntingSchedule(1), { saboteur, lettersMs: 3000 });
      expect(violations.map((violation) => violation.check)).toContain(check);
    },
  );
});
