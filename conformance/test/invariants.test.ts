import { describe, expect, test } from "vitest";
import type { Happening, LogEntry } from "../src/event-log.ts";
import { attempts, duplicates, foreign, highWater, keyOrder, lost, unfinished } from "../src/invariants.ts";

let run = 0;

const at = (happenings: readonly Happening[]): readonly LogEntry[] =>
  happenings.map((happening, index) => ({ ...happening, atMs: index }));

const published = (seq: number, topic = "t"): readonly Happening[] => [
  { type: "publish-start", topic, seq, key: "k" },
  { type: "publish-ok", topic, seq, id: `id-${seq}` },
];

interface HandledOptions {
  readonly attempt?: number;
  readonly key?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly intact?: boolean;
  readonly worker?: string;
}

function handled(seq: number, options: HandledOptions = {}): readonly [Happening, Happening] {
  const { attempt = 1, key = "k", id = `id-${seq}`, ok = true, intact = true, worker = "w" } = options;
  const what = { topic: "t", subscription: "s", worker, run: (run += 1), id, seq, key };
  return [
    { type: "handler-start", ...what, attempt, intact },
    { type: "handler-end", ...what, ok },
  ];
}

const deadLettered = (seq: number): Happening => ({
  type: "observed",
  event: {
    type: "dead-letter",
    topic: "t",
    subscription: "s",
    id: `id-${seq}`,
    attempt: 1,
    atMs: 0,
    reason: "rejected",
    error: undefined,
    durationMs: 0,
  },
});

describe("lost", () => {
  test("completed and dead-lettered messages are not lost", () => {
    expect(lost(at([...published(1), ...published(2), ...handled(1), deadLettered(2)]), "t", "s")).toEqual([]);
  });

  test("an accepted message that never arrived is lost", () => {
    expect(lost(at([...published(1), ...published(2), ...handled(1)]), "t", "s")).toEqual([
      expect.stringContaining("seq 2"),
    ]);
  });

  test("a message whose last attempt failed is lost", () => {
    expect(lost(at([...published(1), ...handled(1, { ok: false })]), "t", "s")).toHaveLength(1);
  });

  test("a publish that was refused need not arrive", () => {
    const refused: Happening = { type: "publish-error", topic: "t", seq: 3, error: undefined };
    expect(lost(at([{ type: "publish-start", topic: "t", seq: 3, key: "k" }, refused]), "t", "s")).toEqual([]);
  });
});

describe("foreign", () => {
  test("what was published may arrive, also when its publish was refused", () => {
    const log = at([
      ...published(1),
      { type: "publish-start", topic: "t", seq: 2, key: "k" },
      ...handled(1),
      ...handled(2),
    ]);
    expect(foreign(log, "s")).toEqual([]);
  });

  test.each([
    ["never published", [...handled(9)], "unknown: seq 9"],
    ["under another id", [...published(1), ...handled(1, { id: "other" })], "arrived as other"],
    ["damaged", [...published(1), ...handled(1, { intact: false })], "damaged: seq 1"],
    ["of another topic", [...published(1, "u"), ...handled(1)], "unknown: seq 1"],
  ])("a message %s is reported", (_, log, message) => {
    expect(foreign(at(log), "s")).toEqual([expect.stringContaining(message)]);
  });
});

describe("duplicates", () => {
  test("a retry after a failure is none", () => {
    expect(duplicates(at([...handled(1, { ok: false }), ...handled(1, { attempt: 2 })]), "s")).toEqual([]);
  });

  test("a start after completion is one", () => {
    expect(duplicates(at([...handled(1), ...handled(2), handled(1)[0]]), "s")).toEqual([
      expect.stringContaining("seq 1"),
    ]);
  });

  test("two overlapping completions are one", () => {
    const [first, second] = [handled(1), handled(1)];
    expect(duplicates(at([first[0], second[0], first[1], second[1]]), "s")).toHaveLength(1);
  });

  test("another subscription's runs do not count", () => {
    expect(duplicates(at([...handled(1), ...handled(1)]), "other")).toEqual([]);
  });
});

describe("attempts", () => {
  const log = (numbers: readonly number[]): readonly LogEntry[] =>
    at(numbers.flatMap((attempt) => handled(1, { attempt, ok: false })));

  test.each([
    [[1, 2, 3], true, 0],
    [[2, 3], true, 1],
    [[1, 3], true, 1],
    [[1, 3], false, 0],
    [[1, 1], false, 1],
    [[2, 1], false, 1],
  ])("%j with exact %s gives %i violations", (numbers, exact, count) => {
    expect(attempts(log(numbers), "s", exact)).toHaveLength(count);
  });
});

describe("keyOrder", () => {
  test("one after the other is in order, with retries and dead letters", () => {
    const log = at([
      ...handled(1, { ok: false }),
      ...handled(1, { attempt: 2 }),
      ...handled(2, { ok: false }),
      deadLettered(2),
      ...handled(3),
    ]);
    expect(keyOrder(log, "s")).toEqual([]);
  });

  test.each([
    ["a successor that starts during its predecessor", [handled(1)[0], handled(2)[0]]],
    ["a successor that starts after its predecessor failed", [...handled(1, { ok: false }), ...handled(2)]],
    ["a predecessor that starts after its successor", [...handled(2), ...handled(1)]],
  ])("%s is not", (_, log) => {
    expect(keyOrder(at(log), "s")).toHaveLength(1);
  });

  test("other keys may overlap", () => {
    const [first, second] = [handled(1, { key: "a" }), handled(2, { key: "b" })];
    expect(keyOrder(at([first[0], second[0], second[1], first[1]]), "s")).toEqual([]);
  });

  test("a completed message that comes again is a violation, unless that is to be ignored", () => {
    const log = at([...handled(1), ...handled(2), ...handled(1)]);
    expect(keyOrder(log, "s")).toHaveLength(1);
    expect(keyOrder(log, "s", true)).toEqual([]);
  });
});

test("highWater counts overlapping runs, of one worker or of all", () => {
  const [first, second, third] = [handled(1), handled(2, { worker: "v" }), handled(3)];
  const log = at([first[0], second[0], third[0], first[1], second[1], third[1]]);
  expect(highWater(log, "s")).toBe(3);
  expect(highWater(log, "s", "w")).toBe(2);
  expect(highWater(log, "s", "nobody")).toBe(0);
});

test("unfinished reports handlers that never ended", () => {
  expect(unfinished(at([...handled(1), handled(2)[0]]), "s")).toEqual([expect.stringContaining("seq 2")]);
});
