import { hash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { workspaces } from "../workspaces.ts";
import { leftOut } from "./groups.ts";

/** The test files of a project of vitest that may judge mutants, relative to the root. */
export function testFilesOf(root: string, project: string): readonly string[] {
  const folder = folderOf(project);
  return globSync(`${folder}/test/**/*.test.ts`, { cwd: root })
    .filter((path) => !leftOut.some((pattern) => pattern.test(path)))
    .toSorted();
}

/** Changes with the test file, and with the suite where it runs the suite. What other files beside it say changes little of what it reaches. */
export function stateOf(root: string, path: string): string {
  const suite = path.includes("conformance") ? globSync("conformance/src/**/*.ts", { cwd: root }).toSorted() : [];
  return hash("sha256", [path, ...suite].map((one) => readFileSync(join(root, one), "utf8")).join("\n"), "hex");
}

function folderOf(project: string): string {
  const found = workspaces.find(({ folder }) => folder === project || folder.endsWith(`/${project}`));
  if (found === undefined) throw new TypeError(`no folder of the project ${project}`);
  return found.folder;
}
