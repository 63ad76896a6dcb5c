import { expect, test } from "vitest";
import { workspaces } from "../scripts/workspaces.ts";
import { readTracked, trackedFiles } from "./tracked-files.ts";

const changesets = trackedFiles.filter((path) => /^\.changeset\/(?!README).*\.md$/.test(path));

/** The packages at the head of a changeset. */
function packagesOf(path: string): readonly string[] {
  const [, head = ""] = readTracked(path).split(/^---$/m);
  return [...head.matchAll(/^"([^"]+)": (?:major|minor|patch)$/gm)].map(([, name = ""]) => name);
}

// One wrong name, and no release can be made.
test("every changeset names packages of this repository, each once", () => {
  const known = new Set(workspaces.map(({ manifest }) => manifest.name));
  const wrong = changesets.flatMap((path) => {
    const names = packagesOf(path);
    const unknown = names.filter((name, index) => !known.has(name) || names.indexOf(name) !== index);
    return names.length === 0 ? [`${path} names none`] : unknown.map((name) => `${path}: ${name}`);
  });
  expect(wrong).toEqual([]);
  expect(changesets.length).toBeGreaterThan(0);
});
