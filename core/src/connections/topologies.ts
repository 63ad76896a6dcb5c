import type { Topology } from "../driver.ts";
import { Routes } from "./routes.ts";
import { topologyOf } from "./specs.ts";
import type { Declaration } from "../declare/subscription.ts";
import type { LoadedConfig } from "../config/config-types.ts";

/** What belongs on one connection. */
export interface ConnectionTopology {
  readonly connection: string;
  /** As they are in force there, with what the configuration replaces. */
  readonly declarations: readonly Declaration[];
  /** With names as they are on the broker. */
  readonly topology: Topology;
}

/**
 * What `apply` would see on each connection, without connecting: for exports and permissions.
 *
 * @throws PubSubError `INVALID_CONFIG` when a declaration and its configuration do not go together, or names collide
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
