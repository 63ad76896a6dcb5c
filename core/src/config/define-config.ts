import type { AnytopicConfig } from "./config-types.ts";

/** For the types of `anytopic.config.ts`: `export default defineConfig({ … })`. Returns its argument. */
export function defineConfig<const Config extends AnytopicConfig>(config: Config): Config {
  return config;
}
