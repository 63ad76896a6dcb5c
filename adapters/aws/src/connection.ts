import { setMaxListeners } from "node:events";
import type * as SnsApi from "@aws-sdk/client-sns";
import type * as SqsApi from "@aws-sdk/client-sqs";
import { type DriverContext, PubSubError, within } from "@anytopic/core/driver";
import { wantsClientCertificate } from "./connection/client-certificate.ts";
import { credentialsForLoopback, endpointOfEnvironment } from "./connection/endpoint.ts";
import { EndpointWatch } from "./connection/endpoint-watch.ts";
import { hastenPublishBatch } from "./wire/fast-publish-batch.ts";
import { hastenReceive } from "./wire/fast-receive.ts";
import { toPubSubError } from "./errors.ts";
import { httpHandler } from "./connection/http-handler.ts";
import { MAX_WAIT_SECONDS } from "./limits.ts";
import type { CheckedOptions } from "./options.ts";
import { probe, requireAccount } from "./connection/probe.ts";
import { Sha256 } from "./wire/sha256.ts";

const REQUEST_TIMEOUT_MS = 15_000;
/** A long poll is given up when its answer is this much late. */
const POLL_GRACE_MS = 5000;

/**
 * What the SDK would print we report as errors. Without `info` it does not even put together what it would log of each
 * request; the others it calls without looking whether they are there, looking for credentials for example.
 */
const QUIET = { trace: ignore, debug: ignore, warn: ignore, error: ignore } as unknown as NonNullable<
  SqsApi.SQSClientConfig["logger"]
>;

/** The SDK's own clients: what `native` hands out. */
export interface AwsClients {
  readonly sns: SnsApi.SNSClient;
  readonly sqs: SqsApi.SQSClient;
}

/** The clients of one driver, and what they have learned about the account. */
export interface Connection extends AwsClients {
  readonly options: CheckedOptions;
  readonly context: DriverContext;
  readonly snsApi: typeof SnsApi;
  readonly sqsApi: typeof SqsApi;
  /** Carries the long polls, on sockets of its own. */
  readonly pollSqs: SqsApi.SQSClient;
  readonly server: string;
  readonly region: string;
  /** Long polls of closed workers that have not come back yet. */
  readonly lingering: Set<Promise<void>>;
  /** Aborted at the end of closing: for long polls, also those of a client that was handed in, and for whoever waits for a queue. */
  readonly closed: AbortSignal;
  account: string | undefined;
  /** Topics whose ARN is known, by SNS name. */
  readonly topicArns: Map<string, string>;
  /** To be told of every error of a call: some mean that nobody can be reached. */
  failed(error: PubSubError): void;
  /** Waits for the polls that linger, then ends everything that is under way. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Loads the SDK (which takes a while, so not before), makes the clients, and asks SQS once, so that wrong credentials
 * and endpoints are known now.
 */
export async function connect(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Connection> {
  signal?.throwIfAborted();
  const requests = { maxSockets: options.maxSockets, requestTimeoutMs: REQUEST_TIMEOUT_MS };
  const [snsApi, sqsApi, snsHandler, sqsHandler, pollHandler] = await Promise.all([
    import("@aws-sdk/client-sns"),
    import("@aws-sdk/client-sqs"),
    httpHandler(requests),
    httpHandler(requests),
    httpHandler({ maxSockets: Number.POSITIVE_INFINITY, requestTimeoutMs: MAX_WAIT_SECONDS * 1000 + POLL_GRACE_MS }),
  ]);
  signal?.throwIfAborted();

  const endpoint = options.endpoint ?? endpointOfEnvironment();
  const common = {
    ...(options.region === undefined ? undefined : { region: options.region }),
    ...(options.profile === undefined ? undefined : { profile: options.profile }),
    ...(options.endpoint === undefined ? undefined : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? undefined : { credentials: options.credentials }),
    logger: QUIET,
    sha256: Sha256,
  };
  const credentials = await credentialsForLoopback(endpoint, options, () => new sqsApi.SQSClient(common));
  const config = { ...common, ...credentials };
  // The queue's URL names the region's own host, which an emulator or a VPC endpoint is not.
  const sqsConfig = { ...config, useQueueUrlAsEndpoint: false };

  const sns = options.sns ?? new snsApi.SNSClient({ ...config, requestHandler: snsHandler });
  // A client that was handed in stays as it is.
  if (options.sns === undefined) hastenPublishBatch(sns);
  const sqs = options.sqs ?? new sqsApi.SQSClient({ ...sqsConfig, requestHandler: sqsHandler });
  const pollSqs =
    options.sqs ??
    new sqsApi.SQSClient({
      ...sqsConfig,
      requestHandler: pollHandler,
      // The receiver's own loop tries again, and tells core.
      maxAttempts: 1,
    });
  if (options.sqs === undefined) hastenReceive(pollSqs);
  const destroy = (): void => {
    if (options.sns === undefined) sns.destroy();
    if (options.sqs === undefined) {
      sqs.destroy();
      pollSqs.destroy();
    }
  };

  try {
    const region = await regionOf(sqs);
    const account = await probe(sqs, sqsApi, region, signal);
    requireAccount(options.account, account);
    return connection({ options, context, snsApi, sqsApi, sns, sqs, pollSqs, region, endpoint, destroy });
  } catch (error) {
    destroy();
    if (isClosedByPeer(error) && endpoint !== undefined && (await wantsClientCertificate(endpoint))) {
      throw toPubSubError({ code: "ERR_TLS_CLIENT_CERTIFICATE_REQUIRED" }, "connect to SQS");
    }
    throw error;
  }
}

function isClosedByPeer(error: unknown): boolean {
  const { cause } = error instanceof PubSubError ? error : {};
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}

interface Parts extends Pick<
  Connection,
  "options" | "context" | "snsApi" | "sqsApi" | "sns" | "sqs" | "pollSqs" | "region"
> {
  readonly endpoint: string | undefined;
  readonly destroy: () => void;
}

function connection({ endpoint, destroy, ...parts }: Parts): Connection {
  const lingering = new Set<Promise<void>>();
  const watch = new EndpointWatch(parts.context, async () => {
    await probe(parts.sqs, parts.sqsApi, parts.region, undefined);
  });
  let closing: Promise<void> | undefined;
  const closed = new AbortController();
  // There is one per poll.
  setMaxListeners(0, closed.signal);
  const close = async (timeoutMs: number): Promise<void> => {
    await within(parts.context.clock, timeoutMs, Promise.all(lingering));
    closed.abort(new PubSubError("CLOSED", "the connection to SNS and SQS was closed"));
    destroy();
  };
  return {
    ...parts,
    server: `SNS and SQS, ${parts.region}${endpoint === undefined ? "" : ` at ${new URL(endpoint).host}`}`,
    account: parts.options.account,
    topicArns: new Map(),
    lingering,
    closed: closed.signal,
    failed: (error) => watch.failed(error),
    close(timeoutMs) {
      watch.stop();
      closing ??= close(timeoutMs);
      return closing;
    },
  };
}

async function regionOf(sqs: SqsApi.SQSClient): Promise<string> {
  try {
    return await sqs.config.region();
  } catch (error) {
    throw new PubSubError(
      "INVALID_CONFIG",
      "aws: no region: say aws://<region>, set AWS_REGION, or give the profile one",
      { cause: error },
    );
  }
}

function ignore(): void {}
