import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The location and version of the installed fauxqs, for a separate process. */
export interface FauxqsPackage {
  readonly version: string;
  /** URL of its main module. */
  readonly url: string;
}

/** `undefined` when it is not installed. */
export function fauxqsPackage(): FauxqsPackage | undefined {
  // The package exports neither its package.json nor anything to require(), so Node's own lookup refuses it.
  const folders = createRequire(import.meta.url).resolve.paths("fauxqs") ?? [];
  for (const folder of folders) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "fauxqs/package.json"), "utf8")) as {
        readonly version: string;
        readonly main: string;
      };
      return {
        version: manifest.version,
        url: pathToFileURL(join(folder, "fauxqs", manifest.main)).href,
      };
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
