// Writes the API reference into docs/reference/api/, which git ignores: the site is built from it.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../scripts/workspaces.ts";
import { tableOf } from "./member-table.ts";
import type { LinkOf } from "./markdown.ts";
import { anchorOf, packagePage } from "./package-page.ts";
import { type DocumentedEntry, readPackages } from "./read-packages.ts";
import { KIND } from "./reflection.ts";

const folder = join(root, "docs/reference/api");
const { entries } = await readPackages();
const homes = new Map<string, DocumentedEntry>();
for (const entry of entries)
  for (const { name, kind } of entry.exported) if (kind !== KIND.reference && !homes.has(name)) homes.set(name, entry);

/** The place of a name: on the same page if it has one there, else on the first page that has one. */
function linksFrom(entry: DocumentedEntry): LinkOf {
  const here = new Set(entry.exported.filter(({ kind }) => kind !== KIND.reference).map(({ name }) => name));
  return (name) => {
    if (here.has(name)) return `#${anchorOf(name)}`;
    const home = homes.get(name);
    return home === undefined ? undefined : `${home.page}#${anchorOf(name)}`;
  };
}

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
for (const entry of entries) await writeFile(join(folder, entry.page), packagePage(entry, linksFrom(entry)));
const rows = entries.map(({ specifier, page, description, exported }) => [
  `[\`${specifier}\`](${page})`,
  description,
  String(exported.length),
]);
const index = `# API\n\nEverything that the packages export, made from their docstrings. See also [the rest of the reference](../index.md).\n\n${tableOf(["import", "what it is", "exports"], rows)}\n`;
await writeFile(join(folder, "index.md"), index);
