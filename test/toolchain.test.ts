import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { root, rootManifest } from "../scripts/workspaces.ts";

test("npm scripts run on the Node of the dev dependency, whatever the system has", () => {
  expect(process.version).toBe(`v${rootManifest.devDependencies?.["node"]}`);
});

test("tests, and the processes they start, load the sources of our packages", () => {
  const sources = `${pathToFileURL(root).href}/core/src/index.ts`;
  const script = `console.log(import.meta.resolve("@anytopic/core"))`;
  expect(import.meta.resolve("@anytopic/core")).toBe(sources);
  expect(execFileSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" }).trim()).toBe(sources);
});
