import type { SNSClient, SNSClientConfig } from "@aws-sdk/client-sns";
import type { SQSClient } from "@aws-sdk/client-sqs";
import {
  HIDDEN_PARAMETER,
  mayShowParameter,
  PubSubError,
  rejectUnknownKeys,
  requireInteger,
  shown,
} from "@anytopic/core/driver";
import { MAX_WAIT_SECONDS } from "./limits.ts";

export interface AwsOptions {
  /** `eu-west-1`. @default AWS_REGION, or the region of the profile */
  readonly region?: string | undefined;
  /** The account's 12 digits. Saves looking the account up when provisioning is `"off"` or `"verify"`. @default found out with ListTopics or CreateTopic */
  readonly account?: string | undefined;
  /** Where SNS and SQS answer, `http://127.0.0.1:4566`. On a loopback address, and only there, made-up credentials are used when none are found. @default AWS_ENDPOINT_URL, or AWS */
  readonly endpoint?: string | undefined;
  /** A profile of the AWS configuration files. @default AWS_PROFILE, or `default` */
  readonly profile?: string | undefined;
  /** Credentials, or a function that fetches them. @default the SDK's chain: environment, profile, single sign-on, container, instance */
  readonly credentials?: NonNullable<SNSClientConfig["credentials"]> | undefined;
  /** Put before the name of every topic and queue: letters, digits, `-` and `_`, at most 30. @default "" */
  readonly prefix?: string | undefined;
  /** A ready client, which stays yours to destroy. With `sqs`, then `region`, `endpoint`, `profile` and `credentials` are yours as well. */
  readonly sns?: SNSClient | undefined;
  /** A ready client, which stays yours to destroy. It carries the long polls too: give it at least as many sockets as there are receivers, and 50. */
  readonly sqs?: SQSClient | undefined;
  /** The longest wait of one long poll, in seconds; 1 to 20. `close()` may take as long, a shorter one costs more requests while idle. @default 20 */
  readonly pollWaitSeconds?: number | undefined;
  /** ReceiveMessage calls at the same time for one worker under load; 1 to 50. An idle worker has one. @default 10 */
  readonly maxReceivers?: number | undefined;
  /** Connections for everything but long polls; 1 to 1000. @default 50 */
  readonly maxSockets?: number | undefined;
}

/** Options with their defaults and checked. */
export interface CheckedOptions {
  readonly region: string | undefined;
  readonly account: string | undefined;
  readonly endpoint: string | undefined;
  readonly profile: string | undefined;
  readonly credentials: AwsOptions["credentials"];
  readonly prefix: string;
  readonly sns: SNSClient | undefined;
  readonly sqs: SQSClient | undefined;
  readonly pollWaitSeconds: number;
  readonly maxReceivers: number;
  readonly maxSockets: number;
}

const OPTIONS = [
  "region",
  "account",
  "endpoint",
  "profile",
  "credentials",
  "prefix",
  "sns",
  "sqs",
  "pollWaitSeconds",
  "maxReceivers",
  "maxSockets",
] as const;

/** What a URL can say; numbers are read from its text. */
const URL_OPTIONS = [
  "account",
  "endpoint",
  "profile",
  "prefix",
  "pollWaitSeconds",
  "maxReceivers",
  "maxSockets",
] as const;
const NUMBERS: ReadonlySet<string> = new Set(["pollWaitSeconds", "maxReceivers", "maxSockets"]);

/** @throws TypeError that names option, value and what is allowed */
export function checkedOptions(options: AwsOptions): CheckedOptions {
  rejectUnknownKeys("aws", options, OPTIONS);
  if (options.sns !== undefined && options.sqs === undefined)
    throw new TypeError("aws: sns is given without sqs: give both or none");
  if (options.sqs !== undefined && options.sns === undefined)
    throw new TypeError("aws: sqs is given without sns: give both or none");
  if (options.endpoint !== undefined) requireEndpoint(options.endpoint);
  return Object.freeze({
    region: matching("region", options.region, /^[a-z0-9-]{2,40}$/, "a region such as eu-west-1"),
    account: matching("account", options.account, /^\d{12}$/, "12 digits"),
    endpoint: options.endpoint,
    profile: matching("profile", options.profile, /^\S.*$/, "the name of a profile"),
    credentials: options.credentials,
    prefix:
      matching("prefix", options.prefix, /^[A-Za-z0-9_-]{0,30}$/, 'at most 30 letters, digits, "-" and "_"') ?? "",
    sns: options.sns,
    sqs: options.sqs,
    pollWaitSeconds: requireInteger("aws: pollWaitSeconds", options.pollWaitSeconds ?? MAX_WAIT_SECONDS, {
      min: 1,
      max: MAX_WAIT_SECONDS,
      unit: "s",
    }),
    maxReceivers: requireInteger("aws: maxReceivers", options.maxReceivers ?? 10, { min: 1, max: 50 }),
    maxSockets: requireInteger("aws: maxSockets", options.maxSockets ?? 50, { min: 1, max: 1000 }),
  });
}

/**
 * Reads `aws://eu-west-1?account=…&endpoint=…` together with options that are not in it.
 *
 * @throws PubSubError `INVALID_CONFIG`
 */
export function optionsFromUrl(url: string, options: unknown): CheckedOptions {
  try {
    if (options !== undefined && (typeof options !== "object" || options === null)) {
      throw new TypeError(`options are ${shown(options)}: must be an object`);
    }
    const read = readUrl(url);
    const given = (options ?? {}) as AwsOptions;
    for (const name of Object.keys(read) as (keyof AwsOptions)[]) requireSame(name, read[name], given[name]);
    return checkedOptions({ ...given, ...read });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new PubSubError("INVALID_CONFIG", error.message);
  }
}

/** An endpoint can hold credentials, so that it is not repeated. */
function requireSame(name: keyof AwsOptions, inUrl: unknown, inOptions: unknown): void {
  if (inOptions === undefined || inUrl === inOptions) return;
  const [one, other] = name === "endpoint" ? ["one", "another one"] : [shown(inUrl), shown(inOptions)];
  throw new TypeError(`aws: ${name} is ${one} in the URL and ${other} in the options: say it once`);
}

function readUrl(text: string): AwsOptions {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "aws:")
    throw new TypeError("the URL is not of the form aws://<region>?account=…");
  if (url.username !== "" || url.password !== "") {
    throw new TypeError(
      "the aws: URL holds credentials: take them out, AWS credentials come from the environment, a profile or a role",
    );
  }
  if (url.port !== "" || !["", "/"].includes(url.pathname) || url.hash !== "") {
    throw new TypeError("the aws: URL has more than region and query: it must be of the form aws://<region>?account=…");
  }
  const read: Record<string, string | number> = {};
  if (url.hostname !== "") read["region"] = url.hostname;
  for (const [name, value] of url.searchParams) {
    if (!URL_OPTIONS.some((known) => known === name)) {
      const which = mayShowParameter(text, name) ? JSON.stringify(name) : HIDDEN_PARAMETER;
      throw new TypeError(`the aws: URL has no option ${which}: known are ${URL_OPTIONS.join(", ")}`);
    }
    if (Object.hasOwn(read, name)) throw new TypeError(`the aws: URL has ${name} twice`);
    read[name] = NUMBERS.has(name) ? numberFrom(name, value) : value;
  }
  return read;
}

function numberFrom(name: string, value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new TypeError(`the aws: URL has ${name}=${shown(value)}: must be a whole number`);
}

function matching(name: string, value: unknown, pattern: RegExp, allowed: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "string" && pattern.test(value)) return value;
  throw new TypeError(`aws: ${name} is ${shown(value)}: must be ${allowed}`);
}

function requireEndpoint(value: unknown): void {
  if (typeof value !== "string" || !isEndpoint(value)) {
    throw new TypeError("aws: endpoint is not of the form http://host:port or https://host:port");
  }
  const { username, password } = new URL(value);
  if (username !== "" || password !== "") throw new TypeError("aws: endpoint holds credentials: take them out");
}

export function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ["http:", "https:"].includes(url.protocol);
}
