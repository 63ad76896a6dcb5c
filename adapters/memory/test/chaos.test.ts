import {
  abilitiesOf,
  makeSchedule,
  requireUnharmed,
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
  const numbers = await requireUnharmed(harness, schedule);
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

test("a violation is reported with all that the history says about the message", { timeout: TIMEOUT_MS }, async () => {
  const options = { saboteur: "lose-accepted", lettersMs: 3000 };
  const failed = requireUnharmed(opened(), huntingSchedule(1), options);
  const { message } = await failed.then(
    () => new Error("it did not fail"),
    (error: unknown) => error as Error,
  );
  const lost = /lost: .*?(x-\S+-\d+)/.exec(message)?.[1] ?? "no id";
  expect(message).toContain(`"type":"accepted","topic":"${lost.split("-").at(-2)}","id":"${lost}"`);
});

describe.concurrent("saboteurs", () => {
  test.each(Object.entries(FOUND_BY))(
    "%s is found by the check %s",
    { timeout: TIMEOUT_MS },
    async (saboteur, check) => {
      const found = new Set<ChaosCheck>();
      // On a machine that stands still for a moment, a check may find an excuse for what it sees.
      for (let tries = 0; tries < 3 && !found.has(check); tries += 1) {
        const { violations } = await runSchedule(opened(), huntingSchedule(1), { saboteur, lettersMs: 3000 });
        for (const violation of violations) found.add(violation.check);
      }
      expect([...found]).toContain(check);
    },
  );
});
