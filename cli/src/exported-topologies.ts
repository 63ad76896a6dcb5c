import type { Topology, TopologyExporter } from "@anytopic/core/driver";
import { ADAPTER_PACKAGES, importAdapterModule } from "./adapter-packages.ts";
import type { Declaration } from "./declarations.ts";
import type { Output } from "./output.ts";
import type { Settings } from "./settings.ts";

/** The topology of one broker, and the adapter that can export it. */
export interface ExportedTopology {
  /** Of the configuration; undefined when it has none on this broker. */
  readonly connection: string | undefined;
  readonly topology: Topology;
  readonly exporter: TopologyExporter;
}

/**
 * The declarations that the configuration sends to `provider`, one topology for each of its connections there. If it
 * has no connection there, it returns everything declared, under its declared name: to prepare a move to another
 * broker.
 */
export async function exportedTopologies(
  { load }: Settings,
  declarations: readonly Declaration[],
  provider: string,
  output: Output,
): Promise<readonly ExportedTopology[]> {
  const { topologiesOf } = await import("@anytopic/core/config");
  const module = await importAdapterModule(provider);
  const isOurs = (url: string): boolean =>
    module.schemes.includes(/^([a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase() ?? "");
  const noExports: TopologyExporter = { policies: () => [] };
  const ours = Object.values(load.config.connections).some(({ url }) => isOurs(url));
  if (ours) {
    return topologiesOf(load.config, declarations)
      .map(({ connection, topology }) => {
        const { url = "", options = {} } = load.config.connections[connection] ?? {};
        return { connection, topology, url, options };
      })
      .filter(({ url }) => isOurs(url))
      .map(({ connection, url, options, topology }) => ({
        connection,
        topology,
        exporter: module.exporter?.(url, options) ?? noExports,
      }));
  }
  output.note(
    `no connection is configured for ${ADAPTER_PACKAGES[provider]}: everything declared is written, under its declared name`,
  );
  const [scheme = provider] = module.schemes;
  const url = `${scheme}:`;
  const config = { ...load.config, default: "default", connections: { default: { url, options: {} } }, topics: {} };
  return topologiesOf(config, declarations).map(({ topology }) => ({
    connection: undefined,
    topology,
    exporter: module.exporter?.(url) ?? noExports,
  }));
}
