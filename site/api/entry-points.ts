import { publishable, root } from "../../scripts/workspaces.ts";
import { join, relative } from "node:path";

/** One import of a package that is published. */
export interface EntryPoint {
  /** `@anytopic/core/driver` */
  readonly specifier: string;
  /** The page, `core-driver.md`. */
  readonly page: string;
  /** Relative to the root. */
  readonly source: string;
  readonly description: string;
}

/** Core comes first and its alias last: an export is described where it comes first, and the other pages link to it. */
const rank = (name: string): number => (name === "@anytopic/core" ? 0 : name === "anytopic" ? 2 : 1);
const inOrder = publishable.toSorted((one, other) => rank(one.manifest.name) - rank(other.manifest.name));

export const entryPoints: readonly EntryPoint[] = inOrder.flatMap(({ folder, manifest }) => {
  const description = (manifest as { readonly description?: string }).description ?? "";
  return Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => {
    const source = (target as { readonly "@anytopic/source"?: string })["@anytopic/source"];
    if (source === undefined) return [];
    const specifier = `${manifest.name}${path.slice(1)}`;
    const page = `${specifier.replace("@anytopic/", "").replaceAll("/", "-")}.md`;
    return [{ specifier, page, source: relative(root, join(root, folder, source)), description }];
  });
});
