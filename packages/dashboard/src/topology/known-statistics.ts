import type { PubSub } from "@anytopic/core";
import type { NumbersKnown } from "../api/numbers.ts";

/** How well each connection that is open knows its numbers. Opens none. */
export async function knownStatistics(pubsub: PubSub | undefined): Promise<Readonly<Record<string, NumbersKnown>>> {
  if (pubsub === undefined || pubsub.isClosed) return {};
  const open = pubsub.health().connections;
  const known = await Promise.all(
    open.map(async ({ name }) => [name, (await pubsub.connection(name)).capabilities.statistics] as const),
  );
  return Object.fromEntries(known);
}
