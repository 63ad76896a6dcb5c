import {
  type Checked,
  checkOptions,
  option,
  type OptionsFromUrl,
  type OptionTable,
  queryOptions,
  readPlaceUrl,
  shown,
  type UrlForm,
  urlReader,
} from "@anytopic/core/driver";
// oxlint-disable-next-line import/no-empty-named-blocks -- the compiler finds what is declared below only with an import
import type {} from "@anytopic/core/config";
import type { ClientConfig, PubSub } from "@google-cloud/pubsub";
import type { GcpStatisticsReader } from "./statistics.ts";

/** How to reach Google Cloud Pub/Sub, for `gcp()` and for the options beside a URL. */
export interface GcpOptions {
  /** `my-project`. @default GOOGLE_CLOUD_PROJECT, or the project of the credentials */
  readonly projectId?: string | undefined;
  /** Put before the id of every topic and subscription. A letter, then letters, digits, `-`, `_`, `~`; at most 50. @default "" */
  readonly prefix?: string | undefined;
  /** `127.0.0.1:8085`: an emulator, without TLS and credentials. @default PUBSUB_EMULATOR_HOST, or Google Cloud */
  readonly emulatorHost?: string | undefined;
  /** Other options of the client library: `credentials`, `keyFilename`, `apiEndpoint` for a regional endpoint, `universeDomain`, gRPC channel options. @default none */
  readonly clientConfig?: ClientConfig | undefined;
  /** Your own client, instead of `projectId`, `emulatorHost` and `clientConfig`. Its configuration is used for our own channels. You close it yourself. @default its own client */
  readonly client?: PubSub | undefined;
  /** Pull requests of one worker that are pending at the same time, 1 to 20. @default 4 */
  readonly maxPulls?: number | undefined;
  /**
   * Whether a pull on an idle subscription waits at the service. The official emulator does not notice when such a pull
   * is cancelled or its connection ends, and continues to lease messages for it. @default true, on an emulator false
   */
  readonly waitingPulls?: boolean | undefined;
  /**
   * Whether subscriptions are created with their filter, as far as the service can apply it: it then delivers less. The service never changes
   * a filter, so a changed one needs a new subscription, and until then `apply` and `connect` refuse it. @default false: the worker applies filters
   */
  readonly filtersAtService?: boolean | undefined;
  /** Reads the numbers for `stats()`, for example from Cloud Monitoring: Pub/Sub itself tells none. @default every number is `undefined` */
  readonly statistics?: GcpStatisticsReader | undefined;
}

/** Checked options, with their defaults. */
export type CheckedOptions = Checked<GcpOptions, "prefix" | "clientConfig" | "maxPulls" | "filtersAtService">;

export const OPTIONS: OptionTable<CheckedOptions> = {
  adapter: "gcp",
  rules: {
    projectId: option.text({
      matches: /^[a-z](?:[-a-z0-9.:]{0,61}[a-z0-9])?$/,
      allowed: "a project id, for example my-project-123",
      inUrl: false,
    }),
    prefix: option.text({
      matches: /^(?:[A-Za-z][-A-Za-z0-9_~]{0,49})?$/,
      allowed: "a letter, then letters, digits, - _ ~, at most 50",
      default: "",
    }),
    emulatorHost: option.text({
      matches: /^(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:[\]]+):\d{1,5}$/,
      allowed: "host:port, for example 127.0.0.1:8085 or [::1]:8085",
    }),
    clientConfig: option.object<ClientConfig, ClientConfig>({ default: {} }),
    client: option.object<PubSub>(),
    maxPulls: option.integer({ min: 1, max: 20, default: 4 }),
    waitingPulls: option.boolean({ inUrl: false }),
    filtersAtService: option.boolean({ default: false }),
    statistics: option.object<GcpStatisticsReader>({
      matches: (value) => typeof value === "function",
      allowed: "a function that reads the numbers of one subscription",
    }),
  },
  words: {
    quoted: shown,
    unknown: (parameter) => `the URL has an unknown parameter ${parameter}`,
    twice: (parameter) => `${parameter} is given twice in the URL`,
    unreadable: (parameter) => `${parameter} is NaN`,
    conflict: (name, inUrl, inOptions) => `${name} is ${inUrl} in the URL and ${inOptions} in the options: say it once`,
  },
};

/** @throws TypeError when an option is unknown or not allowed */
export function checkedOptions(options: GcpOptions): CheckedOptions {
  const checked = checkOptions(OPTIONS, options);
  const excluded = (["projectId", "emulatorHost", "clientConfig"] as const).find((name) => options[name] !== undefined);
  if (checked.client !== undefined && excluded !== undefined)
    throw new TypeError(`${excluded} and client exclude each other: configure the client, or leave it out`);
  const { projectId, emulatorHost, clientConfig, prefix } = checked;
  refuseContradiction("projectId", projectId, "projectId", clientConfig.projectId);
  refuseContradiction("emulatorHost", emulatorHost, "apiEndpoint", clientConfig.apiEndpoint);
  if (prefix.toLowerCase().startsWith("goog"))
    throw new TypeError(`prefix is ${shown(prefix)}: ids that start with "goog" are reserved, choose another`);
  return checked;
}

/** The same value twice is allowed; two different values are not. */
function refuseContradiction(name: string, value: unknown, inner: string, other: unknown): void {
  if (value === undefined || other === undefined || value === other) return;
  throw new TypeError(`${name} is ${shown(value)} and clientConfig.${inner} is ${shown(other)}: say it once`);
}

/** How the URLs of this adapter look. */
export const URL_FORM: UrlForm<CheckedOptions> = {
  schemes: ["gcp"],
  form: "gcp://[project][?option=value&…]",
  examples: [
    "gcp://my-project",
    "gcp://my-project?prefix=staging-&filtersAtService=true",
    "gcp://my-project?emulatorHost=127.0.0.1:8085",
  ],
  parts: { projectId: "`gcp://project`" },
};

/** Reads `gcp://my-project?prefix=…&emulatorHost=…` together with other options. */
export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

function readUrl(url: string): GcpOptions {
  const credentials = "credentials come from Application Default Credentials or from clientConfig";
  const { place, query } = readPlaceUrl(url, "gcp", "project", credentials);
  return { projectId: place, ...queryOptions(OPTIONS, url, query) };
}

/** For `defineConfig`. */
declare module "@anytopic/core/config" {
  interface AdapterOptions {
    /** With a URL that begins with `gcp:`. */
    readonly gcp: GcpOptions;
  }
}
