import { importAdapterPackage } from "./import-adapter-package.ts";
import type { Adapter, AdapterModule } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { PACKAGES, SCHEME, shownScheme } from "../base/url-scheme.ts";
import { shown } from "../base/shown.ts";

/**
 * An adapter for the URLs of its schemes: the constant `adapterModule` of its package, or the whole package
 * (`import * as nats from "@anytopic/nats"`).
 */
export type RegisteredAdapter = AdapterModule | { readonly adapterModule: AdapterModule };

/** @throws TypeError that says which entry is not an adapter, or which scheme two entries have */
export function checkedAdapters(adapters: unknown): ReadonlyMap<string, AdapterModule> {
  if (!Array.isArray(adapters)) {
    throw new TypeError(`adapters is ${shown(adapters)}: must be a list, such as [adapterModule]`);
  }
  const byScheme = new Map<string, AdapterModule>();
  for (const [index, entry] of adapters.entries()) {
    const found = moduleOf(entry);
    if (found === undefined) {
      throw new TypeError(
        `adapters[${index}] is ${typeof entry === "function" ? "a function" : shown(entry)}: must be the adapterModule of ` +
          'an adapter\'s package: import { adapterModule } from "@anytopic/nats"',
      );
    }
    for (const scheme of found.schemes.map((name) => name.toLowerCase())) {
      const other = byScheme.get(scheme);
      if (other !== undefined && other !== found) {
        throw new TypeError(`adapters has two for URLs that begin with ${scheme}: — keep one`);
      }
      byScheme.set(scheme, found);
    }
  }
  return byScheme;
}

/** Reads the members and does not use `in`, because a module may not show a member to `in` before it was read. */
function moduleOf(entry: unknown): AdapterModule | undefined {
  if ((typeof entry !== "object" && typeof entry !== "function") || entry === null) return undefined;
  const candidate = (entry as { readonly adapterModule?: unknown }).adapterModule ?? entry;
  const { schemes, fromUrl } = candidate as Partial<AdapterModule>;
  return Array.isArray(schemes) && typeof fromUrl === "function" ? (candidate as AdapterModule) : undefined;
}

/** Reads a URL with the adapter of its scheme: a registered one, else that of the package, if it is installed. */
export async function adapterFromUrl(
  url: string,
  options: unknown,
  registered: ReadonlyMap<string, AdapterModule> = new Map(),
): Promise<Adapter> {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  const known = [...new Set([...registered.keys(), ...Object.keys(PACKAGES)])].map((name) => `${name}:`).join(", ");
  // Never the URL itself: it may hold a password.
  if (scheme === undefined)
    throw new PubSubError("INVALID_CONFIG", `the broker URL has no scheme: begin it with one of ${known}`);
  const given = registered.get(scheme);
  if (given !== undefined) return given.fromUrl(url, options);
  if (!Object.hasOwn(PACKAGES, scheme)) {
    const such = shownScheme(url);
    const what =
      such === undefined
        ? "the broker URL (its beginning is not shown: it may be a password)"
        : `URLs that begin with ${such}`;
    throw new PubSubError(
      "INVALID_CONFIG",
      `no adapter for ${what} — known are ${known}; register another package's with ` +
        "connect(url, { adapters: [adapterModule] })",
    );
  }
  const packageName = PACKAGES[scheme] as string;
  const { adapterModule } = await importAdapterPackage(packageName, scheme);
  if (typeof adapterModule?.fromUrl === "function") return adapterModule.fromUrl(url, options);
  throw new PubSubError(
    "INVALID_CONFIG",
    `${packageName} exports no adapterModule: install the version that matches @anytopic/core`,
  );
}
