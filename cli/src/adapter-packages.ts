import { createRequire } from "node:module";
import type { AdapterModule } from "@anytopic/core/driver";
import { importPackage, resolvedPackage } from "./import-package.ts";

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
  const { adapterModule } = (await importPackage(ADAPTER_PACKAGES[broker] ?? "")) as {
    readonly adapterModule: AdapterModule;
  };
  return adapterModule;
}

function versionOf(name: string): string | undefined {
  const path = resolvedPackage(`${name}/package.json`);
  if (path === undefined) return undefined;
  return (createRequire(path)(path) as { readonly version: string }).version;
}
