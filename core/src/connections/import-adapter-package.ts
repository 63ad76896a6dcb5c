import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { AdapterModule } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";

interface AdapterPackage {
  readonly adapterModule?: AdapterModule;
}

/**
 * Imports an adapter's package from the first place that has it: core's own dependencies, those of the started program, those of the
 * working directory. With pnpm and Yarn's Plug'n'Play, core cannot import packages that it does not declare.
 *
 * @throws PubSubError `ADAPTER_NOT_INSTALLED`
 */
export async function importAdapterPackage(packageName: string, scheme: string): Promise<AdapterPackage> {
  const besideCore = await importIfFound(packageName, packageName);
  if (besideCore !== undefined) return besideCore;
  for (const place of places()) {
    const require = createRequire(place);
    const file = resolvedBy(require, packageName);
    if (file === undefined) continue;
    const url = pathToFileURL(file).href;
    // Some bundlers replace every import() by a table of the bundled modules.
    return (await importIfFound(url, url)) ?? (require(file) as AdapterPackage);
  }
  const factory = packageName.split("/")[1];
  throw new PubSubError(
    "ADAPTER_NOT_INSTALLED",
    `URLs that begin with ${scheme}: need the package ${packageName}: npm install ${packageName}; a program that is ` +
      `bundled imports it itself: connect(${factory}(…)), or connect(url, { adapters: [adapterModule] })`,
  );
}

/** The files from which the package is resolved. */
function places(): readonly string[] {
  const program = process.argv[1];
  const found = [join(process.cwd(), "package.json")];
  if (program === undefined) return found;
  try {
    // A command may be started through a link; its dependencies are beside the linked file.
    return [realpathSync(program), program, ...found];
  } catch {
    return found;
  }
}

async function importIfFound(specifier: string, missing: string): Promise<AdapterPackage | undefined> {
  try {
    // Next.js leaves it to Node then, which finds what is installed.
    return (await import(/* turbopackIgnore: true */ specifier)) as AdapterPackage;
  } catch (error) {
    if (isMissing(error, missing)) return undefined;
    throw error;
  }
}

function resolvedBy(require: NodeJS.Require, packageName: string): string | undefined {
  try {
    return require.resolve(packageName);
  } catch {
    return undefined;
  }
}

/**
 * Whether the package itself is missing, and not one that it imports. Node has one code for `import` and one for `require`; bundlers use
 * that of `require` for both. Plug'n'Play names the package on a separate line. Turbopack names none, where it replaces the import.
 */
function isMissing(error: unknown, specifier: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return false;
  if (error.message.includes("expression is too dynamic")) return true;
  return error.message.includes(`'${specifier}'`) || error.message.includes(`Required package: ${specifier} `);
}
