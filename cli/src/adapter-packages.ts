import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AdapterModule } from "@anytopic/core/driver";
import { UsageError } from "./usage-error.ts";

/** Our adapters, by the names of their brokers. */
export const ADAPTER_PACKAGES: Readonly<Record<string, string>> = Object.freeze({
  memory: "@anytopic/memory",
  nats: "@anytopic/nats",
  rabbitmq: "@anytopic/rabbitmq",
  redis: "@anytopic/redis",
  aws: "@anytopic/aws",
  gcp: "@anytopic/gcp",
});

export interface InstalledPackage {
  readonly name: string;
  /** Undefined when it is not installed. */
  readonly version: string | undefined;
}

/** Resolved from this package, or from the application's folder. */
export function installedPackages(): readonly InstalledPackage[] {
  return Object.values(ADAPTER_PACKAGES).map((name) => ({ name, version: versionOf(name) }));
}

/** Imports an adapter's package without contacting a broker. @throws UsageError when it is not installed */
export async function importAdapterModule(broker: string): Promise<AdapterModule> {
  const name = ADAPTER_PACKAGES[broker] ?? "";
  for (const require of requires()) {
    const path = resolved(require, name);
    if (path === undefined) continue;
    const { adapterModule } = (await import(pathToFileURL(path).href)) as { readonly adapterModule: AdapterModule };
    return adapterModule;
  }
  throw new UsageError(`the package ${name} is not installed`, `npm install ${name}`);
}

function versionOf(name: string): string | undefined {
  for (const require of requires()) {
    const path = resolved(require, `${name}/package.json`);
    if (path !== undefined) return (require(path) as { readonly version: string }).version;
  }
  return undefined;
}

function requires(): readonly NodeJS.Require[] {
  return [createRequire(import.meta.url), createRequire(join(process.cwd(), "package.json"))];
}

function resolved(require: NodeJS.Require, specifier: string): string | undefined {
  try {
    return require.resolve(specifier);
  } catch {
    return undefined;
  }
}
