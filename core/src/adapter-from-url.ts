import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Adapter, AdapterModule } from "./driver.ts";
import { PubSubError } from "./errors.ts";

/** Which package serves which URL scheme. Another package's adapter is given to `connect` as an object. */
const PACKAGES: Readonly<Record<string, string>> = Object.freeze({
  memory: "@anytopic/memory",
  nats: "@anytopic/nats",
  tls: "@anytopic/nats",
  amqp: "@anytopic/rabbitmq",
  amqps: "@anytopic/rabbitmq",
  aws: "@anytopic/aws",
  gcp: "@anytopic/gcp",
});

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;

/** The package that serves a URL, if one is known. */
export function packageOfUrl(url: string): string | undefined {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  return scheme !== undefined && Object.hasOwn(PACKAGES, scheme) ? PACKAGES[scheme] : undefined;
}

/** Imports the package that the URL's scheme names, if it is installed, and lets it read the URL. */
export async function adapterFromUrl(url: string, options: unknown): Promise<Adapter> {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  const known = Object.keys(PACKAGES)
    .map((name) => `${name}:`)
    .join(", ");
  // Never the URL itself: it may hold a password.
  if (scheme === undefined)
    throw new PubSubError("INVALID_CONFIG", `the broker URL has no scheme: begin it with one of ${known}`);
  const packageName = packageOfUrl(url);
  if (packageName === undefined)
    throw new PubSubError("INVALID_CONFIG", `no adapter for URLs that begin with ${scheme}: — known are ${known}`);
  const { adapterModule } = await importAdapter(packageName, scheme);
  if (typeof adapterModule?.fromUrl === "function") return adapterModule.fromUrl(url, options);
  throw new PubSubError(
    "INVALID_CONFIG",
    `${packageName} exports no adapterModule: install the version that goes with @anytopic/core`,
  );
}

async function importAdapter(packageName: string, scheme: string): Promise<{ readonly adapterModule?: AdapterModule }> {
  const fromHere = await importIfFound(packageName, packageName);
  if (fromHere !== undefined) return fromHere;
  // Where packages see only what they declare (pnpm), the application's own folder has it.
  const fromApplication = resolvedFrom(packageName, join(process.cwd(), "package.json"));
  const found = fromApplication === undefined ? undefined : await importIfFound(fromApplication, packageName);
  if (found !== undefined) return found;
  throw new PubSubError(
    "ADAPTER_NOT_INSTALLED",
    `URLs that begin with ${scheme}: need the package ${packageName}: npm install ${packageName}`,
  );
}

async function importIfFound(
  specifier: string,
  packageName: string,
): Promise<{ readonly adapterModule?: AdapterModule } | undefined> {
  try {
    return (await import(specifier)) as { readonly adapterModule?: AdapterModule };
  } catch (error) {
    if (isMissing(error, packageName)) return undefined;
    throw error;
  }
}

function resolvedFrom(packageName: string, file: string): string | undefined {
  try {
    return pathToFileURL(createRequire(file).resolve(packageName)).href;
  } catch {
    return undefined;
  }
}

/** The package itself is missing; a package that fails to import something else is another matter. */
function isMissing(error: unknown, packageName: string): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes(`'${packageName}'`);
}
