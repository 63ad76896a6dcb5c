import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../scripts/run-command.ts";
import { root } from "../scripts/workspaces.ts";
import type { DocsPage } from "./docs-pages.ts";

/** What vitest's reporter `json` writes, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly failureMessages: readonly string[] }[];
  }[];
}

/** Decorators of frameworks are compiled as they want them. Nothing of the repository's own configuration is used. */
const config = (include: readonly string[]): string => `
const conditions = ["@anytopic/source", "node"];
export default {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  oxc: { decorator: { legacy: true, emitDecoratorMetadata: true } },
  test: { include: ${JSON.stringify(include)}, exclude: [], testTimeout: 30000, maxWorkers: 1, passWithNoTests: false },
};
`;

/**
 * Runs the blocks marked "run vitest" of all pages with one vitest.
 *
 * @param home the folder that holds the folders of the pages
 * @returns what is wrong, as `path:line: …`
 */
export async function vitestProblems(home: string, pages: readonly DocsPage[]): Promise<readonly string[]> {
  const files = pages.flatMap(({ path, folder, blocks }) =>
    blocks
      .filter(({ run }) => run?.on === "vitest")
      .map(({ file, line }) => ({ file: join(folder, file), where: `${path}:${line}` })),
  );
  if (files.length === 0) return [];
  const report = join(home, "vitest-report.json");
  const settings = join(home, "vitest.config.ts");
  writeFileSync(settings, config(files.map(({ file }) => file)));
  const args = ["run", "--root", home, "--config", settings, "--reporter=json", `--outputFile=${report}`];
  // It fails when a test fails, and the report says which. Without a report, what it printed says why.
  const said = await runCommand(join(root, "node_modules/.bin/vitest"), args, home).catch(String);
  const results = readReport(report, said).testResults;
  return files.flatMap(({ file, where }) => {
    const result = results.find(({ name }) => name === file);
    if (result === undefined) return [`${where}: vitest did not run it\n${said}`];
    const failures = result.assertionResults.flatMap(({ fullName, failureMessages }) =>
      failureMessages.map((message) => `${where}: ${fullName}: ${message}`),
    );
    return result.status === "passed" || failures.length > 0 ? failures : [`${where}: ${result.message}`];
  });
}

function readReport(path: string, said: string): Report {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch (error) {
    throw new Error(`vitest wrote no report: ${said}`, { cause: error });
  }
}
