import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type File, Instrumenter } from "@stryker-mutator/instrumenter";
import { isOutsideContract } from "./is-outside-contract.ts";
import { type Mutant, mutantId, textBetween } from "./mutant.ts";

export interface Instrumented {
  /** By path, relative to the root: sources that contain all their mutants, each behind a switch. */
  readonly texts: ReadonlyMap<string, string>;
  readonly mutants: readonly Mutant[];
}

const no = (): boolean => false;
const nothing = (): void => {};
const levels = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing };
const enabled = { isTraceEnabled: no, isDebugEnabled: no, isInfoEnabled: no };
const quiet = { ...levels, ...enabled, isWarnEnabled: no, isErrorEnabled: no, isFatalEnabled: no };

/** Makes the mutants of these files. The files themselves stay as they are. */
export async function instrument(root: string, paths: readonly string[]): Promise<Instrumented> {
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
  const files: File[] = [...sources].map(([name, content]) => ({ name, content, mutate: true }));
  const shouldIgnore = ({ node }: { readonly node: Parameters<typeof isOutsideContract>[0] }): string | undefined =>
    isOutsideContract(node);
  const result = await new Instrumenter(quiet).instrument(files, {
    plugins: null,
    excludedMutations: [],
    ignorers: [{ shouldIgnore: (path) => shouldIgnore(path as Parameters<typeof shouldIgnore>[0]) }],
  });
  const mutants = result.mutants
    .filter(({ status }) => status !== "Ignored")
    .map(({ id, fileName, location: { start, end }, mutatorName, replacement }): Mutant => {
      const original = textBetween((sources.get(fileName) ?? "").split("\n"), start, end);
      const line = start.line + 1;
      const key = mutantId(fileName, start, original, replacement);
      return { id: key, switch: id, file: fileName, line, kind: mutatorName, original, replacement };
    });
  return { texts: new Map(result.files.map(({ name, content }) => [name, content])), mutants };
}
