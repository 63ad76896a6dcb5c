import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pageFile } from "./page-paths.ts";
import type { Entry } from "./sidebar.ts";

const root = join(import.meta.dirname, "..");

/** The pages of a folder whose pages are all of one kind, such as one for each error: by name, the index first. */
export function folderEntries(folder: string): readonly Entry[] {
  return globSync(`${folder}/*.md`, { cwd: root })
    .filter((source) => pageFile(source) !== undefined)
    .toSorted((one, other) => sortKey(one).localeCompare(sortKey(other), "en"))
    .map((source) => [titleOf(source), source]);
}

const isIndex = (source: string): boolean => basename(source) === "index.md";
const sortKey = (source: string): string => (isIndex(source) ? "" : basename(source, ".md"));

/** Its first heading, without marks and without what every page of the folder begins with. */
function titleOf(source: string): string {
  if (isIndex(source)) return "Overview";
  const [, heading = basename(source, ".md")] = /^# (.+)$/m.exec(readFileSync(join(root, source), "utf8")) ?? [];
  return heading
    .replaceAll("`", "")
    .replace(/^@anytopic\//, "")
    .replace(/^(ADR )?(\d{3})[:.]? /, "$2 ");
}
