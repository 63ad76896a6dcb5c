import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { workspaces } from "../workspaces.ts";

/** Places where the copy differs from the sources, besides the mutants: what a mutant breaks is mostly waited for in vain. */
const impatience: readonly (readonly [path: string, from: string, to: string])[] = [
  ["conformance/src/context.ts", "DEFAULT_DELIVERY_MS = 30_000", "DEFAULT_DELIVERY_MS = 8_000"],
];

/** Copies the working tree to `copy`, with these texts instead of its own. Dependencies are linked, our packages are those of the copy. */
export function copyTree(root: string, copy: string, texts: ReadonlyMap<string, string>): void {
  const listing = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const paths = listing.toString("utf8").split("\0");
  const changed = new Map(texts);
  for (const [path, from, to] of impatience) {
    const text = readFileSync(join(root, path), "utf8");
    if (!text.includes(from))
      throw new Error(`${path} has no ${from} any longer: change scripts/mutation/copy-tree.ts`);
    changed.set(path, text.replace(from, to));
  }
  removeSources(copy);
  for (const path of paths) {
    if (path === "" || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    const text = changed.get(path);
    if (text === undefined) copyFileSync(join(root, path), join(copy, path));
    else writeFileSync(join(copy, path), text);
  }
  linkDependencies(root, copy);
}

/** Caches in `node_modules` stay. */
function removeSources(copy: string): void {
  if (!existsSync(copy)) return;
  for (const name of readdirSync(copy)) {
    if (name !== "node_modules") rmSync(join(copy, name), { recursive: true, force: true });
  }
}

function linkDependencies(root: string, copy: string): void {
  const link = (target: string, path: string): void => {
    rmSync(path, { recursive: true, force: true });
    symlinkSync(target, path);
  };
  mkdirSync(join(copy, "node_modules/@anytopic"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules"))) {
    if (name !== "@anytopic" && !name.startsWith(".vit")) {
      link(join(root, "node_modules", name), join(copy, "node_modules", name));
    }
  }
  for (const { folder, manifest } of workspaces) {
    link(join(copy, folder), join(copy, "node_modules", manifest.name));
    const own = join(root, folder, "node_modules");
    if (existsSync(own)) link(own, join(copy, folder, "node_modules"));
  }
}
