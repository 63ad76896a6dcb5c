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

const once = { topics: [{ name: "orders", ordered: false, exactlyOnce: true }] };
const unordered = { topics: [{ name: "orders", ordered: false, exactlyOnce: false }] };
const topic = "orders";

test("a history in which everything went right violates nothing", () => {
  const written = inOrder(published(0, 1), published(5, 2), ran(10, { run: 1, seq: 1 }), ran(30, { run: 2, seq: 2 }));
  expect(violations(written)).toEqual([]);
});

test("an accepted message that never succeeds is lost, also when it only failed", () => {
  const written = inOrder(
    published(0, 1),
    published(2, 2),
    published(4, 3),
    ran(10, { run: 1, seq: 1, how: "failed" }),
    ran(50, { run: 2, seq: 1, attempt: 2 }),
    ran(70, { run: 3, seq: 3, how: "failed" }),
  );
  expect(violations(written, unordered)).toEqual([
    "lost: topic orders: accepted and never handled with success: m2, m3",
  ]);
});

test("a refused message may be lost", () => {
  expect(
    violations([
      [0, "p1#1", { type: "publish", topic, id: "m1", seq: 1, key: "k" }],
      [1, "p1#1", { type: "refused", topic, id: "m1", code: "TIMEOUT" }],
    ]),
  ).toEqual([]);
});

test("what nobody published, and what differs from it, is damaged", () => {
  const written = inOrder(published(0, 1), ran(10, { run: 1, seq: 1 }), ran(20, { run: 2, seq: 7 }));
  expect(violations(written, unordered)).toEqual([expect.stringMatching(/^damaged: .*m7/)]);
  const other = inOrder(published(0, 1), ran(10, { run: 1, seq: 1, key: "another" }));
  expect(violations(other)).toEqual([expect.stringMatching(/^damaged: .*key another/)]);
});

test("exactly-once: a second success is a violation", () => {
  const written = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1 }),
    [[21, "chaos", { type: "mark", topic, id: "m1" }]],
    ran(3000, { run: 1, seq: 1, by: "w2#1", attempt: 2 }),
  );
  expect(violations(written, once)).toEqual([expect.stringMatching(/^second-success: .*w1#1.* again .*w2#1/)]);
});

test("exactly-once: a second success is counted apart when the first process was killed before its mark", () => {
  const killed: Written = [25, "chaos", { type: "gone", process: "w1#1", why: "killed", code: null }];
  const runs = [
    ...published(0, 1),
    ...ran(10, { run: 1, seq: 1 }),
    ...ran(3000, { run: 1, seq: 1, by: "w2#1", attempt: 2 }),
  ];
  const verdict = checkHistory(writtenHistory(...inOrder(runs, [killed])), scheduleOf(once), capabilities);
  expect(verdict.violations).toEqual([]);
  expect(verdict.numbers.killedBeforeMark).toBe(1);
  // With its mark, the inbox knew the message.
  const marked = inOrder(runs, [killed, [21, "chaos", { type: "mark", topic, id: "m1" }]]);
  expect(violations(marked, once)).toEqual([expect.stringMatching(/^second-success/)]);
});

test("exactly-once: a second success is counted apart when a handler's process stood still for longer than its claim", () => {
  const written = (forMs: number): readonly Written[] =>
    inOrder(
      published(0, 1),
      ran(10, { run: 1, seq: 1, tookMs: 5000 }),
      ran(3000, { run: 1, seq: 1, by: "w2#1", attempt: 2 }),
      [[5000, "w1#1", { type: "standstill", forMs }]],
    );
  const verdict = checkHistory(writtenHistory(...written(4000)), scheduleOf(once), capabilities);
  expect([verdict.violations, verdict.numbers.stoodStill]).toEqual([[], 1]);
  expect(violations(written(500), once)).toEqual([expect.stringMatching(/^second-success/)]);
});

test("at-least-once: what succeeded runs again only after something happened", () => {
  const runs = inOrder(published(0, 1), ran(10, { run: 1, seq: 1 }), ran(3000, { run: 2, seq: 1, attempt: 2 }));
  expect(violations(runs, unordered)).toEqual([expect.stringMatching(/^needless-repeat: .*m1/)]);
  const cut: readonly Written[] = [
    [12, "chaos", { type: "step", step: 0, kind: "cut", process: "" }],
    [900, "chaos", { type: "step-over", step: 0, kind: "cut", process: "" }],
  ];
  expect(violations(inOrder(runs, cut), unordered)).toEqual([]);
  const standstill = (forMs: number): readonly Written[] => [[2500, "w1#1", { type: "standstill", forMs }]];
  expect(violations(inOrder(runs, standstill(2400)), unordered)).toEqual([]);
  // Too short to lose a lease of 2,000 ms.
  expect(violations(inOrder(runs, standstill(400)), unordered)).toHaveLength(1);
  const second: readonly Written[] = [[1500, "w1#1", { type: "standstill", forMs: 400 }]];
  expect(violations(inOrder(runs, second, standstill(400)), unordered)).toEqual([]);
  const other: readonly Written[] = [[1500, "w2#1", { type: "standstill", forMs: 400 }]];
  expect(violations(inOrder(runs, other, standstill(400)), unordered)).toHaveLength(1);
});

test("at-least-once: when the ack of a dead letter was lost, both its original and the redriven copy may run", () => {
  const runs = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, how: "rejected" }),
    [[21, "w1#1", { type: "dead-letter", topic, id: "m1", attempt: 1, reason: "rejected" }]],
    [[20_000, "chaos", { type: "redriven", topic, id: "m1" }]],
    ran(30_000, { run: 2, seq: 1, attempt: 2 }),
    ran(30_100, { run: 3, seq: 1 }),
  );
  expect(violations(runs, unordered)).toEqual([expect.stringMatching(/^needless-repeat: .*m1/)]);
  const killed: readonly Written[] = [
    [100, "chaos", { type: "step", step: 0, kind: "kill-broker", process: "" }],
    [900, "chaos", { type: "step-over", step: 0, kind: "kill-broker", process: "" }],
  ];
  expect(violations(inOrder(runs, killed), unordered)).toEqual([]);
});

test("at-least-once: a letter that was stored twice and sent back twice runs twice", () => {
  const letter = (atMs: number): readonly Written[] => [
    [atMs, "w1#1", { type: "dead-letter", topic, id: "m1", attempt: 4, reason: "retries-exhausted" }],
  ];
  const redriven = (atMs: number): readonly Written[] => [[atMs, "chaos", { type: "redriven", topic, id: "m1" }]];
  const runs = inOrder(
    published(0, 1),
    letter(20),
    redriven(100),
    ran(30_000, { run: 2, seq: 1 }),
    ran(30_100, { run: 3, seq: 1 }),
  );
  expect(violations(inOrder(runs, redriven(200)), unordered)).toHaveLength(1);
  expect(violations(inOrder(runs, letter(30), redriven(200)), unordered)).toEqual([]);
});

test("order: a message that starts before its predecessor is settled is a violation", () => {
  const written = inOrder(
    published(0, 1),
    published(2, 2),
    ran(10, { run: 1, seq: 1, how: "failed" }),
    ran(30, { run: 2, seq: 2 }),
    ran(300, { run: 3, seq: 1, attempt: 2 }),
  );
  expect(violations(written)).toEqual([
    expect.stringMatching(/^order: orders k: 2 \(m2\) started in w1#1 .* before 1 \(m1, /),
  ]);
});

test("order: a dead letter settles, and so does one that its worker was killed before reporting", () => {
  const first = inOrder(published(0, 1), published(2, 2), ran(10, { run: 1, seq: 1, how: "rejected" }));
  const reported: Written = [21, "w1#1", { type: "dead-letter", topic, id: "m1", attempt: 1, reason: "rejected" }];
  const rest = inOrder(
    ran(30, { run: 2, seq: 2 }),
    [[400, "chaos", { type: "redriven", topic, id: "m1" }]],
    ran(500, { run: 3, seq: 1 }),
  );
  expect(violations(inOrder(first, [reported], rest))).toEqual([]);
  expect(violations(inOrder(first, rest))).toEqual([]);
  // It is still in the dead-letter queue: lost, and the order was kept.
  const kept = inOrder(first, [reported], ran(30, { run: 2, seq: 2 }));
  expect(violations(kept)).toEqual([expect.stringMatching(/^lost: .*m1$/)]);
});

test("order: a message that runs again after it was settled is no matter of order, another key neither", () => {
  const written = inOrder(
    published(0, 1),
    published(2, 2),
    published(3, 3, "another"),
    ran(10, { run: 1, seq: 1 }),
    ran(12, { run: 9, seq: 3, key: "another" }),
    ran(30, { run: 2, seq: 2 }),
    [[11, "w1#1", { type: "lease-lost", topic, id: "m1", attempt: 1 }]],
    ran(50, { run: 1, seq: 1, by: "w2#1", attempt: 2 }),
  );
  expect(violations(written)).toEqual([]);
});

test("delays: a retry that is early is a violation, unless something happened meanwhile", () => {
  const runs = inOrder(
    published(0, 1),
    ran(10, { run: 1, seq: 1, how: "failed" }),
    [[21, "w1#1", { type: "retry", topic, id: "m1", attempt: 1, delayMs: 200 }]],
    ran(150, { run: 2, seq: 1, attempt: 2 }),
  );
  expect(violations(runs)).toEqual([expect.stringMatching(/^early-delay: .*wait 200 ms .* after 130 ms/)]);
  expect(
    violations(
      inOrder(runs, [
        [60, "w1#1", { type: "closing", what: "worker 1", timeoutMs: 0 }],
        [61, "w1#1", { type: "closed", what: "worker 1" }],
      ]),
    ),
  ).toEqual([]);
  // A wall clock that is set is no excuse.
  const clock: readonly Written[] = [
    [22, "chaos", { type: "step", step: 0, kind: "set-clock", process: "w1#1" }],
    [140, "chaos", { type: "step-over", step: 0, kind: "set-clock", process: "w1#1" }],
  ];
  expect(violations(inOrder(runs, clock))).toHaveLength(1);
});

test("concurrency: more handlers than permitted are a violation; those that were given up do not count", () => {
  const opened: Written = [0, "w1#1", { type: "opened", topic, worker: 1, maxConcurrency: 1 }];
  const runs = [
    ...published(1, 1, "a"),
    ...published(1, 2, "b"),
    ...ran(10, { run: 1, seq: 1, key: "a", tookMs: 50 }),
    ...ran(20, { run: 2, seq: 2, key: "b" }),
  ];
  expect(violations(inOrder([opened], runs))).toEqual([
    expect.stringMatching(/^concurrency: worker w1#1 1 ran 2 .* 1 are/),
  ]);
  expect(violations(inOrder([opened], runs, [[15, "w1#1", { type: "abort", run: 1 }]]))).toEqual([]);
});

test("recovery: a topic with waiting messages that stands still for too long after the last fault is a violation", () => {
  const steps = [{ kind: "cut", atMs: 0, forMs: 10 }] as const;
  const over: readonly Written[] = [
    [0, "chaos", { type: "step", step: 0, kind: "cut", process: "" }],
    [10, "chaos", { type: "step-over", step: 0, kind: "cut", process: "" }],
  ];
  const written = (...endsMs: readonly number[]): readonly Written[] =>
    inOrder(
      over,
      ...endsMs.map((_, index) => published(1, index)),
      ...endsMs.map((atMs, index) => ran(atMs, { run: index, seq: index, tookMs: 0 })),
    );
  const quick = checkHistory(writtenHistory(...written(5010)), scheduleOf({ steps }), capabilities);
  expect([quick.violations, quick.numbers.recoveryMs]).toEqual([[], 5000]);
  expect(violations(written(40_010), { steps })).toEqual([
    expect.stringMatching(/^recovery: .*stood still for 40000 ms; 30000 ms/),
  ]);
  // A long backlog that moves is none.
  expect(violations(written(20_000, 40_000, 60_000), { steps })).toEqual([]);
  // Nor is a time in which nothing waited.
  const late = inOrder(written(100), published(50_000, 7), ran(50_100, { run: 7, seq: 7 }));
  expect(violations(late, { steps })).toEqual([]);
});

test("recovery: what is not handled in the end is a violation", () => {
  const history = writtenHistory(...published(0, 1)).filter(({ type }) => type !== "drained");
  const { violations } = checkHistory(history, scheduleOf(), capabilities);
  expect(violations.map(({ check }) => check)).toEqual(["lost", "recovery"]);
});

test("closing: a close that takes too long, or never ends, is a violation; the time of a standstill does not count", () => {
  const closing: Written = [0, "w1#1", { type: "closing", what: "worker 1", timeoutMs: 1000 }];
  const closed: Written = [9000, "w1#1", { type: "closed", what: "worker 1" }];
  expect(violations([closing, closed])).toEqual([expect.stringMatching(/^closing: w1#1: .*took 9000 ms/)]);
  expect(violations([closing])).toEqual([expect.stringMatching(/^closing: .*never ended/)]);
  expect(violations([closing, [8000, "w1#1", { type: "standstill", forMs: 7000 }], closed])).toEqual([]);
  expect(violations([closing, [5, "chaos", { type: "gone", process: "w1#1", why: "killed", code: null }]])).toEqual([]);
});

test("the end: errors that nobody handled, processes that do not end or end by themselves, and bad health are violations", () => {
  expect(
    violations([
      [0, "w1#1", { type: "loaded" }],
      [1, "w1#1", { type: "stray", text: "Error: unhandled" }],
      [2, "w1#1", { type: "health", status: "degraded", text: "{}" }],
      [3, "chaos", { type: "gone", process: "w1#1", why: "hung", code: null }],
      [4, "chaos", { type: "gone", process: "w2#1", why: "itself", code: 1 }],
      [5, "chaos", { type: "gone", process: "w3#1", why: "asked", code: 0 }],
      [6, "chaos", { type: "gone", process: "w4#1", why: "killed", code: null }],
      [7, "chaos", { type: "gone", process: "w5#1", why: "asked", code: 3 }],
      // Never loaded.
      [8, "chaos", { type: "gone", process: "w6#1", why: "hung", code: null }],
    ]),
  ).toEqual([
    "health: w1#1 said degraded in the end: {}",
    "stray: w1#1: Error: unhandled",
    expect.stringMatching(/^stray: w1#1 was closed and did not end/),
    expect.stringMatching(/^stray: w2#1 ended by itself with code 1/),
    "stray: w5#1 ended with code 3",
  ]);
});
