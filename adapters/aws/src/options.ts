import type { SNSClient, SNSClientConfig } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import {
  type Checked,
  checkOptions,
  option,
  type OptionsFromUrl,
  type OptionTable,
  queryOptions,
  readPlaceUrl,
  type UrlForm,
  urlReader,
} from "@anytopic/core/driver";
// oxlint-disable-next-line import/no-empty-named-blocks -- the compiler finds what is declared below only with an import
import type {} from "@anytopic/core/config";
import { MAX_WAIT_SECONDS } from "./limits.ts";

/** How to reach SNS and SQS, for `aws()` and for the options beside a URL. */
export interface AwsOptions {
  /** For example `eu-west-1`. @default AWS_REGION, or the region of the profile */
  readonly region?: string | undefined;
  /** The account's 12 digits. Saves looking the account up when provisioning is `"off"` or `"verify"`. @default looked up with ListTopics or CreateTopic */
  readonly account?: string | undefined;
  /** Where SNS and SQS answer, for example `http://127.0.0.1:4566`. Only on a loopback address, made-up credentials are used when none are found. @default AWS_ENDPOINT_URL, or AWS */
  readonly endpoint?: string | undefined;
  /** A profile of the AWS configuration files. @default AWS_PROFILE, or `default` */
  readonly profile?: string | undefined;
  /** Credentials, or a function that fetches them. @default the SDK's chain: environment, profile, single sign-on, container, instance */
  readonly credentials?: NonNullable<SNSClientConfig["credentials"]> | undefined;
  /** Put before the name of every topic and queue: letters, digits, `-` and `_`, at most 30. @default "" */
  readonly prefix?: string | undefined;
  /** A ready client, which you destroy yourself; only together with `sqs`. Its `region`, `endpoint`, `profile` and `credentials` are used. @default its own client */
  readonly sns?: SNSClient | undefined;
  /** A ready client, which you destroy yourself. It also sends the long polls: give it at least 50 sockets, and one more for each receiver. @default its own client */
  readonly sqs?: SQSClient | undefined;
  /** The longest wait of one long poll, in seconds; 1 to 20. `close()` may take as long. A shorter wait costs more requests while idle. @default 20 */
  readonly pollWaitSeconds?: number | undefined;
  /** ReceiveMessage calls at the same time for one worker under load; 1 to 50. An idle worker has one. @default 10 */
  readonly maxReceivers?: number | undefined;
  /** Connections for everything but long polls; 1 to 1000. @default 50 */
  readonly maxSockets?: number | undefined;
}

/** Checked options, with their defaults. */
export type CheckedOptions = Checked<AwsOptions, "prefix" | "pollWaitSeconds" | "maxReceivers" | "maxSockets">;

export const OPTIONS: OptionTable<CheckedOptions> = {
  adapter: "aws",
  rules: {
    region: option.text({
      matches: /^[a-z0-9-]{2,40}$/,
      allowed: "a region such as eu-west-1",
      inUrl: false,
    }),
    account: option.text({ matches: /^\d{12}$/, allowed: "12 digits" }),
    endpoint: option.secret({
      matches: isEndpoint,
      allowed: "of the form http://host:port or https://host:port",
      inUrl: true,
    }),
    profile: option.text({ matches: /^\S.*$/, allowed: "the name of a profile" }),
    credentials: option.object<NonNullable<AwsOptions["credentials"]>>(),
    prefix: option.text({
      matches: /^[A-Za-z0-9_-]{0,30}$/,
      allowed: 'at most 30 letters, digits, "-" and "_"',
      default: "",
    }),
    sns: option.object<SNSClient>(),
    sqs: option.object<SQSClient>(),
    pollWaitSeconds: option.integer({ min: 1, max: MAX_WAIT_SECONDS, unit: "s", default: MAX_WAIT_SECONDS }),
    maxReceivers: option.integer({ min: 1, max: 50, default: 10 }),
    maxSockets: option.integer({ min: 1, max: 1000, default: 50 }),
  },
  words: {
    unreadable: (parameter, text) => `the aws: URL has ${parameter}=${text}`,
    conflict: (name, inUrl, inOptions) =>
      `aws: ${name} is ${inUrl} in the URL and ${inOptions} in the options: say it once`,
  },
};

/** @throws TypeError that names option, value and what is allowed */
export function checkedOptions(options: AwsOptions): CheckedOptions {
  const checked = checkOptions(OPTIONS, options);
  const { sns, sqs, endpoint = "" } = checked;
  if (sns === undefined && sqs !== undefined) throw new TypeError("aws: sqs is given without sns: give both or none");
  if (sns !== undefined && sqs === undefined) throw new TypeError("aws: sns is given without sqs: give both or none");
  const { username, password } = URL.parse(endpoint) ?? {};
  if (`${username ?? ""}${password ?? ""}` !== "")
    throw new TypeError("aws: endpoint holds credentials: take them out");
  return checked;
}

/** How the URLs of this adapter look. */
export const URL_FORM: UrlForm<CheckedOptions> = {
  schemes: ["aws"],
  form: "aws://[region][?option=value&…]",
  examples: [
    "aws://eu-west-1",
    "aws://eu-west-1?account=123456789012&prefix=staging-",
    "aws://eu-west-1?endpoint=http://127.0.0.1:4566",
  ],
  parts: { region: "`aws://region`" },
};

/** Reads `aws://eu-west-1?account=…&endpoint=…`, and the options beside it. */
export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

function readUrl(url: string): AwsOptions {
  const credentials = "AWS credentials come from the environment, a profile or a role";
  const { place, query } = readPlaceUrl(url, "aws", "region", credentials);
  return { region: place, ...queryOptions(OPTIONS, url, query) };
}

export function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ["http:", "https:"].includes(url.protocol);
}

/** For `defineConfig`. */
declare module "@anytopic/core/config" {
  interface AdapterOptions {
    /** With a URL that begins with `aws:`. */
    readonly aws: AwsOptions;
  }
}
