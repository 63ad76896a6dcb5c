import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "@anytopic/brokers";
import { pageSteps } from "./page-steps.ts";
import { typePage } from "./type-page.ts";
import { publishable, root } from "./workspaces.ts";

const PAGE = "docs/getting-started.md";
/** Where the page says that the reader's broker listens. The check uses one of its own. */
const READERS_BROKER = "nats://127.0.0.1:4222";
const STARTS_A_BROKER = /^docker run /;

/**
 * Types the first page of the documentation into `folder`, which must not exist: every file, every command, and what they print.
 * Our packages come from `tarballs` (by name); those of others are linked from this checkout, so that this needs no network.
 * Returns how long it took without the reader.
 */
export async function checkGettingStarted(tarballs: ReadonlyMap<string, string>, folder: string): Promise<string> {
  const steps = pageSteps(await readFile(join(root, PAGE), "utf8"));
  await mkdir(folder);
  const broker = await startBroker("nats");
  const startedMs = performance.now();
  try {
    await typePage(steps, {
      folder,
      commandFor: (typed) => {
        if (STARTS_A_BROKER.test(typed)) return undefined;
        if (typed.startsWith("npm install ")) return offlineInstall(typed, tarballs);
        return typed.replace(READERS_BROKER, broker.url);
      },
    });
  } catch (error) {
    throw new Error(`${PAGE}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    await broker.close();
  }
  return `${Math.round((performance.now() - startedMs) / 1000)} s`;
}

/** The same packages, from this checkout, and what ours depend on: npm cannot fetch it without a network. */
function offlineInstall(typed: string, tarballs: ReadonlyMap<string, string>): string {
  const words = typed.split(" ");
  const names = words.slice(2).filter((word) => !word.startsWith("-"));
  const ours = publishable.filter(({ manifest }) => names.includes(manifest.name));
  const theirs = ours.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {}));
  const source = (name: string): string => `${name}@file:${tarballs.get(name) ?? join(root, "node_modules", name)}`;
  const flags = words.filter((word) => word.startsWith("-"));
  return ["npm", "install", "--offline", ...flags, ...[...new Set([...names, ...theirs])].map(source)].join(" ");
}
