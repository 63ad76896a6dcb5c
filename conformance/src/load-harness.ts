import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Adapter } from "@anytopic/core/driver";
import type { Harness } from "./harness.ts";
import { minimalHarness } from "./minimal-harness.ts";

/** What a module may export to be tested. */
interface Exports {
  readonly harness?: Harness | (() => Harness | Promise<Harness>);
  readonly adapter?: Adapter | (() => Adapter);
}

/**
 * Reads a harness from a module that exports `harness` (one, or a function that makes one, perhaps asynchronously) or
 * `adapter` (one, or a function that makes one).
 *
 * @throws Error that says what the module should export
 */
export async function loadHarness(file: string): Promise<Harness> {
  const { harness, adapter } = (await import(pathToFileURL(resolve(file)).href)) as Exports;
  if (harness !== undefined) return typeof harness === "function" ? await harness() : harness;
  if (adapter !== undefined) return await minimalHarness(typeof adapter === "function" ? adapter : () => adapter);
  throw new Error(
    `${file} exports neither "harness" nor "adapter": export const harness (a Harness, or a function that makes one) ` +
      `for everything, or export const adapter (an Adapter, or a function that makes one) for behaviours that need no faults`,
  );
}
