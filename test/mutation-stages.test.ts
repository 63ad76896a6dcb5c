import { expect, test } from "vitest";
import type { Coverage, Test } from "../scripts/mutation/coverage.ts";
import type { Mutant } from "../scripts/mutation/mutant.ts";
import { planStages } from "../scripts/mutation/plan-stages.ts";

const mutant: Mutant = {
  id: "12345678",
  switch: "0",
  file: "core/src/a.ts",
  line: 1,
  kind: "BooleanLiteral",
  original: "true",
  replacement: "false",
};

function told(file: string, name: string, startMs: number, durationMs: number, reached = ["0"]): Test {
  return { file, names: [name], state: "passed", startMs, durationMs, message: "", reached: new Set(reached) };
}

const coverageOf = (tests: readonly Test[]): Coverage => ({ tests, outside: new Map(), failed: [] });

test("tests that run side by side take as long as all together, not their sum", () => {
  const suite = Array.from({ length: 100 }, (_, index) => told("suite.test.ts", `behaviour ${index}`, index, 30_000));
  const [stage, ...others] = planStages(mutant, [mutant], coverageOf(suite));
  expect(others).toEqual([]);
  expect(stage?.durationMs).toBeLessThan(31_000);
});

test("tests that were recorded with others between them take their sum", () => {
  const ends = [told("a.test.ts", "first", 0, 100), told("a.test.ts", "last", 60_000, 100)];
  const between = told("a.test.ts", "between", 100, 59_900, ["1"]);
  const [stage] = planStages(mutant, [mutant], coverageOf([...ends, between]));
  expect(stage?.durationMs).toBeLessThan(1000);
  expect(new RegExp(stage?.pattern ?? "").test("first")).toBe(true);
  expect(new RegExp(stage?.pattern ?? "").test("between")).toBe(false);
});

test("the file that knows most about the mutant for its time runs first", () => {
  const wide = told("wide.test.ts", "everything", 0, 2000, ["0", "1", "2", "3", "4"]);
  const narrow = told("narrow.test.ts", "this", 0, 2000);
  const stages = planStages(mutant, [mutant], coverageOf([wide, narrow]));
  expect(stages.map(({ files }) => files)).toEqual([["narrow.test.ts"], ["wide.test.ts"]]);
});
