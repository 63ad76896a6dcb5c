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

/** Changes with the test file, with what lies beside it, and with the suite. */
export function stateOf(root: string, path: string): string {
  const beside = globSync(path.replace(/\/test\/.*/, "/test/**/*.ts"), { cwd: root });
  const others = beside.filter((one) => !one.endsWith(".test.ts"));
  const suite = path.includes("conformance") ? globSync("conformance/src/**/*.ts", { cwd: root }) : [];
  const texts = [path, ...others.toSorted(), ...suite.toSorted()].map((one) => readFileSync(join(root, one), "utf8"));
  return hash("sha256", texts.join("\n"), "hex");
}

function folderOf(project: string): string {
  const found = workspaces.find(({ folder }) => folder === project || folder.endsWith(`/${project}`));
  if (found === undefined) throw new TypeError(`no folder of the project ${project}`);
  return found.folder;
}
