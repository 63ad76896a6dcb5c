import type { Connection } from "./connection.ts";
import type { ConnectionRouter } from "./connection-router.ts";
import type { TopologyChange } from "../driver.ts";
import { topologyOf } from "./specs.ts";
import type { Declaration } from "../declare/subscription.ts";

type Declarations = readonly Declaration[];

/** One difference between the declarations and what exists on a connection. */
export interface PlannedChange extends TopologyChange {
  /** The connection's name in the configuration; `"default"` where there is no configuration. */
  readonly connection: string;
}

export async function planOn(router: ConnectionRouter, declarations: Declarations): Promise<readonly PlannedChange[]> {
  return await onEach(router, declarations, (connection, own) => connection.differences(own));
}

export async function applyOn(
  router: ConnectionRouter,
  declarations: Declarations,
  update: boolean,
): Promise<readonly PlannedChange[]> {
  for (const [connection, own] of await router.split(declarations)) connection.requireSupported(own);
  return await onEach(router, declarations, ({ driver, names }, own) =>
    driver.apply(topologyOf(own, names), { update }),
  );
}

export async function destroyOn(router: ConnectionRouter, declarations: Declarations): Promise<readonly string[]> {
  const named = new Set(declarations.flatMap(({ kind, name }) => (kind === "topic" ? name : [])));
  const destroyed: string[] = [];
  for (const [{ driver, names }, own] of await router.split(declarations)) {
    const { topics, subscriptions } = topologyOf(own, names);
    const topology = { topics: topics.filter(({ name }) => named.has(name)), subscriptions };
    destroyed.push(...(await driver.destroy(topology)));
  }
  return destroyed;
}

/** One connection after the other: after a failure, nothing is started on the next. */
async function onEach(
  router: ConnectionRouter,
  declarations: Declarations,
  act: (connection: Connection, own: Declarations) => Promise<readonly TopologyChange[]>,
): Promise<readonly PlannedChange[]> {
  const changes: PlannedChange[] = [];
  for (const [connection, own] of await router.split(declarations)) {
    for (const change of await act(connection, own)) changes.push({ connection: connection.name, ...change });
  }
  return changes;
}
