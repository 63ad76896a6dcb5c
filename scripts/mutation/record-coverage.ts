// In every test file: writes which test has reached which mutants. Tests that run at the same time are told apart by their async context.
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, aroundEach } from "vitest";
import type { FileCoverage } from "./coverage.ts";

/** The global object of the instrumented files. */
interface Switches {
  readonly currentTestId?: string | undefined;
  readonly mutantCoverage?: {
    readonly static: Readonly<Record<string, number>>;
    readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>>;
  };
}

const folder = process.env["MUTATION_COVERAGE"];
const root = join(import.meta.dirname, "../..");

if (folder !== undefined) {
  const running = new AsyncLocalStorage<string>();
  const names = new Map<string, readonly string[]>();
  const switches: Switches = Object.defineProperty({}, "currentTestId", { get: () => running.getStore() });
  Object.assign(globalThis, { ["__stryker__"]: switches });
  let file = "";

  aroundEach(async (runTest, { task }) => {
    const chain = [task.name];
    for (let { suite } = task; suite !== undefined; { suite } = suite) chain.unshift(suite.name);
    names.set(task.id, chain);
    file = relative(root, task.file.filepath);
    await running.run(task.id, runTest);
  }, 3_600_000);

  afterAll(() => {
    const { mutantCoverage } = switches;
    const coverage: FileCoverage = {
      file,
      outside: Object.keys(mutantCoverage?.static ?? {}),
      tests: Object.entries(mutantCoverage?.perTest ?? {}).map(([id, hits]) => ({
        names: names.get(id) ?? [],
        reached: Object.keys(hits),
      })),
    };
    writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(coverage));
  });
}
