import { checkHistory } from "@anytopic/conformance";
import { expect, test } from "vitest";
import {
  capabilities,
  inOrder,
  published,
  ran,
  scheduleOf,
  violations,
  writtenHistory,
  type Written,
} from "./written-history.ts";

const topic = "orders";

test("attempts: the same number twice, a falling one and one beyond the policy are violations", () => {
  const twice = inOrder(published(0, 1), ran(10, { run: 1, seq: 1, how: "failed" }), ran(300, { run: 2, seq: 1 }));
  expect(violations(twice)).toEqual([expect.stringMatching(/^attempts: .*m1 had attempt 1 twice/)]);
  const falling = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, attempt: 3, how: "failed" }),
    ran(300, { run: 2, seq: 1, attempt: 2 }),
  );
  expect(violations(falling)).toEqual([expect.stringMatching(/^attempts: .*attempt 2 after 3/)]);
  const beyond = inOrder(published(0, 1), ran(10, { run: 1, seq: 1, attempt: 10 }));
  expect(violations(beyond)).toEqual([expect.stringMatching(/^attempts: .*had attempt 10, 9 are permitted/)]);
});

test("attempts: two workers may give one number to two starts, as long as no start is hidden", () => {
  const runs = (second: number): readonly Written[] =>
    inOrder(
      published(0, 1),
      ran(10, { run: 1, seq: 1, attempt: second, how: "failed" }),
      ran(300, { run: 1, seq: 1, by: "w2#1", attempt: second }),
    );
  // Number 2 was given before the second start: a delivery that never started was counted.
  expect(violations(runs(2))).toEqual([]);
  expect(violations(runs(1))).toHaveLength(1);
});

test("attempts: a run that a close of its worker ended is no attempt, another close is no excuse", () => {
  const runs = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, how: "failed", tookMs: 50 }),
    [[30, "w1#1", { type: "abort", run: 1 }]],
    ran(300, { run: 1, seq: 1, by: "w2#1" }),
  );
  const closed = (what: string): readonly Written[] => [
    [29, "w1#1", { type: "closing", what, timeoutMs: 0 }],
    [31, "w1#1", { type: "closed", what }],
  ];
  expect(violations(inOrder(runs, closed("worker 1")))).toEqual([]);
  expect(violations(inOrder(runs, closed("connection of 2 workers")))).toEqual([]);
  expect(violations(inOrder(runs, closed("worker 2")))).toEqual([
    expect.stringMatching(/^attempts: .*attempt 1 twice/),
  ]);
});

test("attempts: a broker that is known to hide starts of workers that were killed or cut off is excused for those, and they are counted", () => {
  const runs = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, how: "failed" }),
    ran(300, { run: 1, seq: 1, by: "w2#1" }),
  );
  const judged = (written: readonly Written[], proxied = true): readonly unknown[] => {
    const known = { hiddenStarts: "a known fault" };
    const schedule = scheduleOf({ processes: [{ name: "w1", proxied, publishes: [], works: [] }] });
    const { violations, numbers } = checkHistory(writtenHistory(...written), schedule, capabilities, known);
    return [violations.map(({ check }) => check), numbers.hiddenStarts];
  };
  const killed: Written = [50, "chaos", { type: "gone", process: "w1#1", why: "killed", code: null }];
  expect(judged(inOrder(runs, [killed]))).toEqual([[], 1]);
  expect(judged(runs)).toEqual([["attempts"], 0]);
  const cut = (atMs: number): readonly Written[] => [
    [atMs, "chaos", { type: "step", step: 0, kind: "truncate", process: "" }],
    [atMs + 50, "chaos", { type: "step-over", step: 0, kind: "truncate", process: "" }],
  ];
  expect(judged(inOrder(runs, cut(100)))).toEqual([[], 1]);
  // Its connection does not go through the proxy, or was cut at another time.
  expect(judged(inOrder(runs, cut(100)), false)).toEqual([["attempts"], 0]);
  expect(judged(inOrder(runs, cut(310)))).toEqual([["attempts"], 0]);
  expect(violations(inOrder(runs, [killed]))).toEqual([expect.stringMatching(/^attempts/)]);
});

test("attempts: where a publish may be sent twice, one that a fault interrupted may have two copies, and their starts are counted", () => {
  const judged = (acceptedMs: number, faultMs: number): readonly unknown[] => {
    const written = inOrder(
      [[0, "p1#1", { type: "publish", topic, id: "m1", seq: 1, key: "k" }]],
      [[acceptedMs, "p1#1", { type: "accepted", topic, id: "m1" }]],
      [[faultMs, "chaos", { type: "step", step: 0, kind: "cut", process: "" }]],
      [[faultMs + 1, "chaos", { type: "step-over", step: 0, kind: "cut", process: "" }]],
      ran(900, { run: 1, seq: 1, how: "failed" }),
      ran(1000, { run: 1, seq: 1, by: "w2#1" }),
    );
    const known = { copiedPublishes: "the client repeats" };
    const { violations, numbers } = checkHistory(writtenHistory(...written), scheduleOf(), capabilities, known);
    return [violations.map(({ check }) => check), numbers.copiedStarts];
  };
  expect(judged(800, 400)).toEqual([[], 1]);
  expect(judged(40, 20)).toEqual([["attempts"], 0]);
  expect(judged(800, 850)).toEqual([["attempts"], 0]);
});

test("attempts: where a retry is a copy, a fault before the acknowledgement may leave two, and their starts are counted", () => {
  const runs = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, how: "failed", tookMs: 20 }),
    [[31, "w1#1", { type: "retry", topic, id: "m1", attempt: 1, delayMs: 200 }]],
    ran(300, { run: 2, seq: 1, attempt: 2, how: "failed" }),
    ran(400, { run: 1, seq: 1, by: "w2#1", attempt: 1, how: "failed" }),
    ran(700, { run: 3, seq: 1, attempt: 2 }),
  );
  const cut = (atMs: number): readonly Written[] => [
    [atMs, "chaos", { type: "step", step: 0, kind: "cut", process: "" }],
    [atMs + 5, "chaos", { type: "step-over", step: 0, kind: "cut", process: "" }],
  ];
  const judged = (written: readonly Written[]): readonly unknown[] => {
    const known = { copiedRetries: "a retry is a copy" };
    const { violations, numbers } = checkHistory(writtenHistory(...written), scheduleOf(), capabilities, known);
    return [violations.map(({ check }) => check), numbers.copiedStarts];
  };
  expect(judged(inOrder(runs, cut(35)))).toEqual([[], 2]);
  // Without a fault there, and on a broker whose retry is no copy, they are violations.
  expect(judged(inOrder(runs, cut(20_000)))).toEqual([["attempts", "attempts"], 0]);
  expect(violations(inOrder(runs, cut(35)))).toHaveLength(2);
});

test("attempts: a redrive begins again, and so does a copy of a repeated publish", () => {
  const redriven = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, how: "rejected" }),
    [[400, "chaos", { type: "redriven", topic, id: "m1" }]],
    ran(500, { run: 3, seq: 1 }),
  );
  expect(violations(redriven)).toEqual([]);
  const repeated = inOrder(
    published(0, 1),
    published(3, 1),
    ran(10, { run: 1, seq: 1, how: "failed" }),
    ran(30, { run: 2, seq: 1 }),
  );
  expect(violations(repeated)).toEqual([]);
});

test("attempts: what runs again after its success is no matter of attempts", () => {
  const cut: readonly Written[] = [
    [25, "chaos", { type: "step", step: 0, kind: "cut", process: "" }],
    [30, "chaos", { type: "step-over", step: 0, kind: "cut", process: "" }],
  ];
  const again = inOrder(published(0, 1), ran(10, { run: 1, seq: 1 }), cut, ran(50, { run: 1, seq: 1, by: "w2#1" }));
  expect(violations(again)).toEqual([]);
});

test("attempts: where every attempt is a start, a skipped one is a violation", () => {
  const skipped = inOrder(published(0, 1), ran(10, { run: 1, seq: 1, attempt: 2 }));
  const verdict = checkHistory(writtenHistory(...skipped), scheduleOf(), { ...capabilities, attempts: "exact" });
  expect(verdict.violations).toMatchObject([{ check: "attempts" }]);
  expect(violations(skipped)).toEqual([]);
});
