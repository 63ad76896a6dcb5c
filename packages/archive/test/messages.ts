import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchivedMessage, ArchiveSelection, ArchiveStore } from "@anytopic/archive";
import { onTestFinished } from "vitest";

export const START_MS: number = Date.UTC(2026, 10, 26, 12);

/** Message number `n`, published `n` ms after the start. */
export function message(n: number, changes: Partial<ArchivedMessage> = {}): ArchivedMessage {
  return {
    topic: "orders",
    id: `m${n}`,
    body: Buffer.from(`body ${n}`),
    attributes: {},
    orderingKey: undefined,
    publishTimeMs: START_MS + n,
    ...changes,
  };
}

/** Ids in the order in which they are read. */
export async function idsOf(
  store: ArchiveStore,
  selection: Partial<ArchiveSelection> = {},
): Promise<readonly string[]> {
  return (await all(store, selection)).map(({ id }) => id);
}

export async function all(
  store: ArchiveStore,
  selection: Partial<ArchiveSelection> = {},
): Promise<readonly ArchivedMessage[]> {
  const found: ArchivedMessage[] = [];
  for await (const one of store.read({ topic: "orders", ...selection })) found.push(one);
  return found;
}

/** A folder of its own for one test. */
export async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "anytopic-archive-"));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}
