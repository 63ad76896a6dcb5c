import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./usage-error.ts";

/**
 * Imports a package, or a part of one, that the application has installed: from this package, or from the application's folder.
 *
 * @param specifier `@anytopic/archive`, `@anytopic/dashboard/node`
 * @throws UsageError when it is not installed
 */
export async function importPackage(specifier: string): Promise<unknown> {
  const path = resolvedPackage(specifier);
  if (path !== undefined) return await import(pathToFileURL(path).href);
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  throw new UsageError(`the package ${name} is not installed`, `npm install ${name}`);
}

/** Where a module is; undefined when it is not installed. */
export function resolvedPackage(specifier: string): string | undefined {
  for (const require of requires()) {
    try {
      return require.resolve(specifier);
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

function requires(): readonly NodeJS.Require[] {
  return [createRequire(import.meta.url), createRequire(join(process.cwd(), "package.json"))];
}
