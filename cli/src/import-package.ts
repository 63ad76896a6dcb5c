import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "./usage-error.ts";

/**
 * Imports a package that the application has installed, or an entry of it: from this package, or from the application's folder.
 *
 * @throws UsageError when it is not installed
 */
export async function importPackage(specifier: string): Promise<unknown> {
  const path = resolvedPackage(specifier);
  const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(specifier) ?? [specifier];
  if (path === undefined) throw new UsageError(`the package ${name} is not installed`, `npm install ${name}`);
  return await import(pathToFileURL(path).href);
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
