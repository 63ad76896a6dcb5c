import type { AnytopicConfig } from "./config-types.ts";

/** Gives `anytopic.config.ts` its types: `export default defineConfig({ … })`. Returns what it is given. */
export function defineConfig<const Config extends AnytopicConfig>(config: Config): Config {
  return config;
}
