export { closestName } from "./closest-name.ts";
export { CONFIG_FILE_NAMES, findConfigFile } from "./config-file.ts";
export { configSchema } from "./config-schema.ts";
export type {
  AnytopicConfig,
  ConnectionConfig,
  LoadedConfig,
  LoadedSubscription,
  LoadedTopic,
  SubscriptionConfig,
  TopicConfig,
} from "./config-types.ts";
export { defineConfig } from "./define-config.ts";
export { loadConfig } from "./load-config.ts";
export type { ConfigLoad, ConfigSource, LoadConfigOptions } from "./load-config.ts";
export { parseJson } from "./parse-json.ts";
export { shownUrl } from "./shown-url.ts";
export { topologiesOf } from "./topologies.ts";
export type { ConnectionTopology } from "./topologies.ts";
export { undeclaredPaths } from "./undeclared-paths.ts";
