import type { Topology } from "../driver.ts";
import { Routes } from "./routes.ts";
import { topologyOf } from "./specs.ts";
import type { Declaration } from "../declare/subscription.ts";
import type { LoadedConfig } from "../config/config-types.ts";

/** The declarations and the topology of one connection. */
export interface ConnectionTopology {
  readonly connection: string;
  /** With the overrides of the configuration. */
  readonly declarations: readonly Declaration[];
  /** With the names on the broker. */
  readonly topology: Topology;
}

/**
 * What `apply` would create on each connection, without connecting: for exports and permissions.
 *
 * @throws PubSubError `INVALID_CONFIG` when a declaration and its configuration contradict each other, or two names are the same
 */
export function topologiesOf(
  config: LoadedConfig,
  declarations: readonly Declaration[],
  where = "the configuration",
): readonly ConnectionTopology[] {
  const routes = new Routes(config, where);
  return [...routes.byConnection(declarations)].map(([connection, own]) => ({
    connection,
    declarations: own,
    topology: topologyOf(own, routes.namesOn(connection)),
  }));
}
