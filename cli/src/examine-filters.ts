import type { FilterPlace } from "@anytopic/core";
import { nameOf } from "./declarations.ts";
import { table } from "./output.ts";
import type { ProbedConnection } from "./probe-connections.ts";
import { type Settings, withPubSub } from "./settings.ts";

/** The filter of one subscription on one connection. */
export interface ExaminedFilter extends FilterPlace {
  /** `signups/send-welcome-email`. */
  readonly subscription: string;
}

/** Where the filters of all declared subscriptions are applied. A subscription whose connection cannot be opened is left out: another part of the output says so. */
export async function examineFilters(
  settings: Settings,
  connections: readonly ProbedConnection[],
  signal: AbortSignal,
): Promise<readonly ExaminedFilter[]> {
  if (!connections.some(({ reachable, isDefault }) => reachable && isDefault)) return [];
  const declarations = await settings.declarations();
  const subscriptions = declarations.flatMap((one) => (one.kind === "subscription" ? one : []));
  return await withPubSub(settings, { signal }, async (pubsub) => {
    const places = await Promise.allSettled(
      subscriptions.map(async (one) => {
        const found = await pubsub.filterPlaces(one);
        return found.map((place) => ({ subscription: nameOf(one), ...place }));
      }),
    );
    return places.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  });
}

export function filtersText(filters: readonly ExaminedFilter[]): string {
  const several = new Set(filters.map(({ connection }) => connection)).size > 1;
  const rows = filters.map(({ subscription, connection, filter, appliedBy, reason }) => [
    subscription,
    ...(several ? [connection] : []),
    JSON.stringify(filter),
    appliedBy === "broker" ? "at the broker" : `in the worker: ${reason}`,
  ]);
  const columns = ["SUBSCRIPTION", ...(several ? ["CONNECTION"] : []), "FILTER", "APPLIED"];
  return `Filters\n${table(columns, rows).replaceAll(/^/gm, "  ")}`;
}
