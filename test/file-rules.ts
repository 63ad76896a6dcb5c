import { posix } from "node:path";

const maxLines = 300;
const isCode = /\.[cm]?[jt]sx?$/;

interface Rule {
  readonly problem: string;
  readonly applies?: RegExp;
  readonly breaks: (text: string, path: string) => boolean;
}

/** Files that need the system's time, each with the reason. */
const timeOfOthers: ReadonlySet<string> = new Set([
  // gRPC's deadlines are moments of the wall clock.
  "adapters/gcp/src/connection.ts",
  "adapters/gcp/src/connection/rpc.ts",
  // Keeps the process alive, and measures nothing: on a virtual clock it would be a timer that never ends.
  "adapters/memory/src/subscriber.ts",
]);

const rules: readonly Rule[] = [
  {
    problem: "names a path of somebody's machine",
    breaks: (text) => /(?<![\w.$}~-])\/(home|Users|root|work|var\/folders)\/[\w.-]/.test(text),
  },
  {
    problem: "names a package registry: users choose theirs",
    breaks: (text) => /\bregistry\.(npmjs|yarnpkg|npmmirror)\b|^\s*(@[\w-]+:)?registry\s*=/m.test(text),
  },
  {
    problem: "holds a download address: install with omit-lockfile-registry-resolved",
    applies: /(^|\/)package-lock\.json$/,
    breaks: (text) => /"resolved": "[a-z+]+:/.test(text),
  },
  {
    problem: `is over ${maxLines} lines: split it, or begin with "// Over ${maxLines} lines: <why>"`,
    applies: isCode,
    breaks: (text) => text.trimEnd().split("\n").length > maxLines && !/^(#!.*\n)?\/\/ Over 300 lines: \S/.test(text),
  },
  {
    problem: "leaves a note of unfinished work: finish it or say it in the docs",
    applies: isCode,
    // The brackets keep the rule from finding itself.
    breaks: (text) => /\b(T[O]DO|FIX[M]E|X[X]X)\b/.test(text),
  },
  {
    problem: "keeps time by itself: use the clock of the driver's context, so that tests can move it",
    applies: /^(core|adapters\/[^/]+)\/src\/(?!base\/clock\.ts$)/,
    breaks: (text, path) =>
      !timeOfOthers.has(path) && /(?<![.\w])set(Timeout|Interval)\b|\b(Date|performance)\.now\b/.test(text),
  },
  {
    problem: "is not named in kebab-case after what it exports",
    applies: isCode,
    breaks: (_text, path) => {
      const name = posix.basename(path);
      return !/^[a-z0-9]+([.-][a-z0-9]+)*$/.test(name) || /^(utils?|helpers?|misc|common)\./.test(name);
    },
  },
];

/** What the text of a tracked file breaks, in words. */
export function fileProblems(path: string, text: string): readonly string[] {
  return rules
    .filter(({ applies }) => applies?.test(path) ?? true)
    .filter(({ breaks }) => breaks(text, path))
    .map(({ problem }) => problem);
}
