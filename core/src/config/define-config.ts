import type { AdapterOptions, AnytopicConfig, ConnectionConfig } from "./config-types.ts";

/**
 * For the types of `anytopic.config.ts`: `export default defineConfig({ … })`. Returns its argument.
 *
 * The options of a connection are those of the adapter that its URL's scheme names, when the file imports that adapter's package:
 * `import type {} from "@anytopic/nats"`. Another package's are not checked.
 */
export function defineConfig<const Config extends AnytopicConfig>(config: Config & TypedConnections<Config>): Config {
  return config;
}

interface TypedConnections<Config extends AnytopicConfig> {
  readonly connections?:
    | { readonly [Name in keyof Config["connections"]]: TypedConnection<Config["connections"][Name]> }
    | undefined;
}

type TypedConnection<Given> = Given extends { readonly url: `${infer Scheme extends keyof AdapterOptions}:${string}` }
  ? { readonly url: string; readonly options?: Known<AdapterOptions[Scheme], Given> | undefined }
  : ConnectionConfig;

/** The adapter's options, and no others. */
type Known<Options, Given> = Options &
  (Given extends { readonly options: infer Said }
    ? { readonly [Name in Exclude<keyof Said, keyof Options>]: never }
    : unknown);
