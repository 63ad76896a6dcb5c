// npm run mutation: changes the code that decides about delivery, one place at a time, and shows which changes no test notices.
import { hash } from "node:crypto";
import { globSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, matchesGlob } from "node:path";
import { root } from "../workspaces.ts";
import { chooseMutants } from "./choose-mutants.ts";
import { copyTree } from "./copy-tree.ts";
import { type Group, groups } from "./groups.ts";
import { type Instrumented, instrument } from "./instrument.ts";
import { judgeMutant } from "./judge-mutant.ts";
import { knownCoverage } from "./known-coverage.ts";
import { type Mutant, shownChange } from "./mutant.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { ResultsFile } from "./results-file.ts";
import { shownResult, summary } from "./summary.ts";
import { testFilesOf } from "./test-files.ts";

interface Chosen extends Instrumented {
  readonly group: Group;
  readonly chosen: readonly Mutant[];
}

const instrumentGroup = async ({ sources }: Group): Promise<Instrumented> =>
  await instrument(root, sources.flatMap((pattern) => globSync(pattern, { cwd: root })).toSorted());

/** Undefined when no source has the mutant that was asked for. */
async function choose({ group, mutant, files, count, seed }: Options): Promise<Chosen | undefined> {
  if (mutant === undefined) {
    const made = await instrumentGroup(group);
    const matching = made.mutants.filter(({ file }) => files === undefined || matchesGlob(file, files));
    return { ...made, group, chosen: chooseMutants(matching, count, seed) };
  }
  for (const one of groups) {
    const made = await instrumentGroup(one);
    const chosen = made.mutants.filter(({ id }) => id === mutant);
    if (chosen.length > 0) return { ...made, group: one, chosen };
  }
  return undefined;
}

/** For a mistake in the arguments: one line, and nothing of the inside. */
function refuse(message: string): never {
  console.error(`error: ${message}`);
  process.exit(2);
}

function optionsOf(args: readonly string[]): Options {
  try {
    return readOptions(args);
  } catch (error) {
    if (error instanceof TypeError) refuse(error.message);
    throw error;
  }
}

async function run(options: Options): Promise<void> {
  const found = await choose(options);
  if (found === undefined) refuse(`--mutant is ${options.mutant}: the sources as they are now have none of that id`);
  const { group, chosen, mutants, texts } = found;
  const results = new ResultsFile(join(root, "mutation-runs", `${group.name}.jsonl`));
  console.log(`${chosen.length} of ${mutants.length} mutants of ${group.name}`);
  const isDue = ({ id }: Mutant): boolean => {
    const verdict = results.of(id)?.verdict;
    if (options.mutant !== undefined || verdict === undefined) return true;
    return options.again && verdict !== "killed";
  };
  const due = options.list ? [] : chosen.filter(isDue);
  if (due.length > 0) {
    const copy = join(tmpdir(), `anytopic-mutation-${hash("sha256", root, "hex").slice(0, 8)}-${group.name}`);
    copyTree(root, copy, texts);
    const coverage = await knownCoverage({
      root: copy,
      projects: group.projects,
      files: group.projects.flatMap((project) => testFilesOf(root, project)),
      sources: hash("sha256", [...texts.values()].join("\n"), "hex"),
      path: `${copy}.coverage.json`,
      again: options.again,
    });
    for (const { file, names, message } of coverage.failed) {
      console.log(`fails without a mutant, and judges none: ${file}: ${names.join(" > ")}: ${message}`);
    }
    for (const mutant of due) {
      if (options.mutant !== undefined) console.log(shownChange(mutant, 60));
      const result = await judgeMutant(mutant, { root: copy, projects: group.projects, mutants, coverage });
      results.add(result);
      console.log(shownResult(result));
    }
  }
  console.log(summary(chosen.flatMap(({ id }) => results.of(id) ?? [])));
}

// Nothing that a run has started outlives it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const args = process.argv.slice(2);
if (args.includes("--help")) console.log(USAGE);
else await run(optionsOf(args));
