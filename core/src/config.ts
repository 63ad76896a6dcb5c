export { closestName } from "./options/closest-name.ts";
export { CONFIG_FILE_NAMES, findConfigFile } from "./config/config-file.ts";
export { configSchema } from "./config/config-schema.ts";
export type {
  AdapterOptions,
  AnytopicConfig,
  ConnectionConfig,
  LoadedConfig,
  LoadedSubscription,
  LoadedTopic,
  SubscriptionConfig,
  TopicConfig,
} from "./config/config-types.ts";
export { defineConfig } from "./config/define-config.ts";
export { loadConfig, type ConfigLoad, type ConfigSource, type LoadConfigOptions } from "./config/load-config.ts";
export { parseJson } from "./config/parse-json.ts";
export { shownUrl } from "./config/shown-url.ts";
export { topologiesOf, type ConnectionTopology } from "./connections/topologies.ts";
export { undeclaredPaths } from "./config/undeclared-paths.ts";
