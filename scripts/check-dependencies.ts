import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, publishable, root } from "./workspaces.ts";

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly link?: boolean;
}

/** Permissive licences, by their SPDX names: they require nothing of our users except a notice. */
const ALLOWED: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BlueOak-1.0.0",
  "ISC",
  "MIT",
  "Unlicense",
]);

const LIST = "docs/dependencies.md";

/**
 * Every third-party package that npm installs with ours has a permissive licence, and is in the list for users,
 * `docs/dependencies.md`. `UPDATE_DOCS=1` rewrites that list.
 */
export async function checkDependencies(): Promise<void> {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const rows: string[] = [];
  const refused: string[] = [];
  for (const { folder, manifest } of publishable) {
    for (const [path, { version = "", license = "none" }] of broughtBy(manifest, folder, packages)) {
      const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      rows.push(`| \`${manifest.name}\` | \`${name}\` | ${version} | ${license} |`);
      if (!ALLOWED.has(license)) refused.push(`${name} ${version}: ${license}`);
    }
  }
  if (refused.length > 0) throw new Error(`licences that are not permitted:\n${[...new Set(refused)].join("\n")}`);
  const text = `# What an installation adds

The third-party packages that npm installs with ours, from the lock file that every release is tested with. \`@anytopic/core\`, \`@anytopic/memory\`,
\`@anytopic/conformance\` and \`anytopic\` have none. The packages' test writes and checks this list, and refuses any licence that is not permissive.

| package of ours | package | version | licence |
| --------------- | ------- | ------- | ------- |
${rows.toSorted().join("\n")}
`;
  const file = join(root, LIST);
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(file, text);
  const squeezed = (table: string): string => table.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
  if (squeezed(readFileSync(file, "utf8")) !== squeezed(text)) {
    throw new Error(`${LIST} is not what package-lock.json says: UPDATE_DOCS=1 npm run test:packages`);
  }
}

/** What npm would install for a package, by its place in the lock file. Workspaces' own packages are followed, not listed. */
function broughtBy(
  manifest: Manifest,
  folder: string,
  packages: Readonly<Record<string, Locked>>,
): ReadonlyMap<string, Locked> {
  const found = new Map<string, Locked>();
  const visit = (names: readonly string[], from: string): void => {
    for (const name of names) {
      const path = placeOf(name, from, packages);
      if (path === undefined) throw new Error(`${name}, needed by ${from}, is not in package-lock.json`);
      const locked = packages[path] as Locked;
      // A package of this repository, with its own licence and its own test.
      if (locked.link === true || found.has(path)) continue;
      found.set(path, locked);
      const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = locked;
      const peers = Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true);
      visit([...Object.keys(dependencies), ...peers], path);
    }
  };
  visit(Object.keys(manifest.dependencies ?? {}), folder);
  return found;
}

/** As Node does: in the `node_modules` of each folder upwards. */
function placeOf(name: string, from: string, packages: Readonly<Record<string, Locked>>): string | undefined {
  for (let folder = from; ;) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (Object.hasOwn(packages, path)) return path;
    if (folder === "") return undefined;
    const above = folder.lastIndexOf("/");
    folder = above === -1 ? "" : folder.slice(0, above);
  }
}
