import { builtinModules } from "node:module";
import { posix } from "node:path";
import { parseSync } from "vite";
import type { Workspace } from "../scripts/workspaces.ts";

/** Every module that a file names: imports of values and types, re-exports, `import()`, `import("…").Type`, `require()`. */
export function importedModules(path: string, text: string): readonly string[] {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const found: string[] = [];
  JSON.stringify(program, (_key, node: unknown) => {
    const name = moduleName(node);
    if (name !== undefined) found.push(name);
    return typeof node === "bigint" ? String(node) : node;
  });
  return found;
}

interface SyntaxNode {
  readonly type?: string;
  readonly value?: unknown;
  readonly name?: string;
  readonly source?: SyntaxNode | null;
  readonly expression?: SyntaxNode;
  readonly callee?: SyntaxNode;
  readonly arguments?: readonly SyntaxNode[];
}

function moduleName(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const node = value as SyntaxNode;
  const literal =
    node.type === "TSExternalModuleReference"
      ? node.expression
      : node.type === "CallExpression" && node.callee?.name === "require"
        ? node.arguments?.[0]
        : node.source;
  return literal?.type === "Literal" && typeof literal.value === "string" ? literal.value : undefined;
}

/** Which nodes name which: files, or folders. */
export type Arrows = ReadonlyMap<string, ReadonlySet<string>>;

/** One example of each circle that a walk over the arrows meets, as `a → b → a`. */
export function circlesOf(arrows: Arrows): readonly string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const start = path.indexOf(name);
    if (start >= 0) circles.push([...path.slice(start), name].join(" → "));
    if (start >= 0 || done.has(name)) return;
    for (const next of arrows.get(name) ?? []) visit(next, [...path, name]);
    done.add(name);
  };
  for (const name of arrows.keys()) visit(name, []);
  return circles;
}

/** The arrows between what `groupOf` makes of the nodes: files become folders. */
export function groupedArrows(arrows: Arrows, groupOf: (name: string) => string): Arrows {
  const grouped = new Map<string, Set<string>>();
  for (const [name, targets] of arrows) {
    const from = groupOf(name);
    const to = grouped.get(from) ?? new Set();
    for (const target of targets) if (groupOf(target) !== from) to.add(groupOf(target));
    grouped.set(from, to);
  }
  return grouped;
}

/** What one workspace may import; `folder` is "" for the root, whose files may use every workspace. */
export interface ImportScope {
  readonly folder: string;
  readonly manifest: Workspace["manifest"];
  /** Packages that the root declares for every workspace's tests, and for the root's own files. */
  readonly shared: ReadonlySet<string>;
}

const packageName = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

/** Says what is wrong with `specifier` in the file `path` (relative to the root), or nothing. */
export function importViolation(path: string, specifier: string, scope: ImportScope): string | undefined {
  const { folder, manifest, shared } = scope;
  const inSources = folder !== "" && path.startsWith(`${folder}/src/`);
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(path), specifier);
    const home = inSources ? `${folder}/src/` : folder === "" ? "" : `${folder}/`;
    // The references are made from what packages do not export: their tables of options, limits and commands.
    if (path.startsWith("scripts/reference/")) return undefined;
    // The site is not published: it may read the list of packages.
    if (folder === "site" && target === "scripts/workspaces.ts") return undefined;
    if (folder === "" && /^(core|conformance|docker|cli|adapters\/[^/]+)\/src\//.test(target))
      return "reaches into src";
    return target.startsWith(home) && !target.startsWith("..") ? undefined : `leaves ${home}`;
  }
  if (specifier.startsWith("node:")) return undefined;
  if (builtinModules.includes(specifier)) return `is a builtin: write node:${specifier}`;

  const name = packageName(specifier);
  if (/^@anytopic\/[^/]+\/(src|dist|test)(\/|$)/.test(specifier)) return "reaches into another package";
  if (inSources && folder === "core") return "core imports only node: builtins";
  if (inSources && (folder === "conformance" || folder.startsWith("adapters/"))) {
    const ours = name === "anytopic" || name.startsWith("@anytopic/");
    if (ours && name !== "@anytopic/core") return "of our packages only @anytopic/core may be imported here";
    if (!ours && folder === "conformance") return "conformance imports only @anytopic/core and node: builtins";
  }
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  const own = inSources ? declared : { ...declared, ...manifest.devDependencies };
  if (name in own || (!inSources && (shared.has(name) || name === manifest.name))) return undefined;
  return `is not declared in ${posix.join(folder, "package.json")}`;
}
