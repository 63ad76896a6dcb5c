import type { Coverage, Test } from "./coverage.ts";
import { groupBy } from "./group-by.ts";
import type { Mutant } from "./mutant.ts";

/** Tests that run together. */
export interface Stage {
  /** The first ones are the cheapest for what they know about the mutant's file. */
  readonly files: readonly string[];
  /** A pattern for exactly these tests. */
  readonly pattern: string;
  /** How long they take without a mutant, one file after the other. */
  readonly durationMs: number;
}

/** The first stages are short: most mutants need no other. The last one has no limits. */
const STAGES: readonly { readonly files: number; readonly durationMs: number }[] = [
  { files: 1, durationMs: 3000 },
  { files: 5, durationMs: 5000 },
  { files: Number.POSITIVE_INFINITY, durationMs: Number.POSITIVE_INFINITY },
];
/** What it costs to load a test file. */
const LOADING_MS = 400;
/** Longer patterns are left out: then all tests of the files run. */
const LONGEST_PATTERN = 60_000;

interface Candidate {
  readonly file: string;
  readonly tests: readonly Test[];
  readonly durationMs: number;
  /** Of all that its best test reaches, how much is in the mutant's file. */
  readonly focus: number;
}

/** The tests that reach a mutant, in the order in which they should run; none when no test reaches it. */
export function planStages(mutant: Mutant, mutants: readonly Mutant[], coverage: Coverage): readonly Stage[] {
  const same = new Set(mutants.filter(({ file }) => file === mutant.file).map((one) => one.switch));
  const candidates = [...groupBy(coverage.tests, ({ file }) => file)]
    .map(([file, all]) => candidate(file, all, mutant, same, coverage))
    .filter(({ tests }) => tests.length > 0)
    .sort((one, other) => priceOf(one) - priceOf(other));
  const parts: Candidate[][] = [];
  let next = 0;
  for (const { files, durationMs } of STAGES) {
    const part: Candidate[] = [];
    let spentMs = 0;
    for (let one = candidates[next]; one !== undefined && part.length < files; one = candidates[next]) {
      if (part.length > 0 && spentMs + one.durationMs > durationMs) break;
      spentMs += one.durationMs;
      part.push(one);
      next += 1;
    }
    parts.push(part);
  }
  return parts.filter((part) => part.length > 0).map(stageOf);
}

/** What is reached outside of tests may concern every test of that file which reaches the same source, or else all its tests. */
function candidate(
  file: string,
  all: readonly Test[],
  mutant: Mutant,
  same: ReadonlySet<string>,
  { outside }: Coverage,
): Candidate {
  const inFile = (test: Test): number => [...test.reached].filter((one) => same.has(one)).length;
  const tests = all.filter(({ reached }) => reached.has(mutant.switch));
  if (tests.length === 0 && outside.get(file)?.has(mutant.switch) === true) {
    tests.push(...all.filter((test) => inFile(test) > 0));
  }
  const durationMs = LOADING_MS + spentOn(tests);
  const focus = Math.max(0, ...tests.map((test) => inFile(test) / Math.max(1, test.reached.size)));
  return { file, tests, durationMs, focus };
}

/** How long these tests of one file take. Those of the suite run side by side: together they take far less than their sum. */
function spentOn(tests: readonly Test[]): number {
  const sumMs = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const startMs = Math.min(...tests.map((test) => test.startMs));
  const endMs = Math.max(...tests.map((test) => test.startMs + test.durationMs));
  return Math.min(sumMs, endMs - startMs);
}

const priceOf = ({ durationMs, focus }: Candidate): number => durationMs / (focus + 0.02);

function stageOf(part: readonly Candidate[]): Stage {
  const tests = part.flatMap((one) => one.tests);
  const names = [...new Set(tests.map(({ names: chain }) => chain.map(literally).join("(?: > | )")))];
  const pattern = `^(?:${names.join("|")})$`;
  return {
    files: part.map(({ file }) => file),
    pattern: pattern.length > LONGEST_PATTERN ? "" : pattern,
    durationMs: part.reduce((sum, { durationMs }) => sum + durationMs, 0),
  };
}

const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, (sign) => `\\${sign}`);
