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
/** A long poll fails when its answer is later than this. */
const POLL_GRACE_MS = 5000;

/**
 * We report as errors what the SDK would print. Without `info` the SDK does not build its log line for each request. It
 * calls the other functions without a check, for example while it looks for credentials.
 */
const QUIET = { trace: ignore, debug: ignore, warn: ignore, error: ignore } as unknown as NonNullable<
  SqsApi.SQSClientConfig["logger"]
>;

/** The SDK's own clients: the value of `native`. */
export interface AwsClients {
  readonly sns: SnsApi.SNSClient;
  readonly sqs: SqsApi.SQSClient;
}

/** `destroy` ends the clients that are ours. */
type Clients = Pick<Connection, "snsApi" | "sqsApi" | "sns" | "sqs" | "pollSqs"> & { readonly destroy: () => void };

/** The clients of one driver, and what they have learned about the account. */
export class Connection implements AwsClients {
  readonly options: CheckedOptions;
  readonly context: DriverContext;
  readonly snsApi: typeof SnsApi;
  readonly sqsApi: typeof SqsApi;
  readonly sns: SnsApi.SNSClient;
  readonly sqs: SqsApi.SQSClient;
  /** For the long polls, which have their own sockets. */
  readonly pollSqs: SqsApi.SQSClient;
  readonly server: string;
  readonly region: string;
  /** Pending long polls of closed workers. */
  readonly lingering: Set<Promise<void>> = new Set();
  account: string | undefined;
  /** The ARNs of topics that this connection has created, by SNS name. */
  readonly topicArns: Map<string, string> = new Map();
  readonly #destroy: () => void;
  readonly #watch: EndpointWatch;
  readonly #closed = new AbortController();
  #closing: Promise<void> | undefined;

  /**
   * Loads the SDK, which takes so long that a program should not pay for it before. Then makes the clients, and asks SQS
   * once, so that wrong credentials and endpoints are known now.
   */
  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<Connection> {
    const endpoint = options.endpoint ?? endpointOfEnvironment();
    const clients = await openClients(options, endpoint, signal);
    try {
      const region = await regionOf(clients.sqs);
      requireAccount(options.account, await probe(clients.sqs, clients.sqsApi, region, signal));
      return new Connection(options, context, clients, region, endpoint);
    } catch (error) {
      clients.destroy();
      if (isClosedByPeer(error) && endpoint !== undefined && (await wantsClientCertificate(endpoint))) {
        throw toPubSubError({ code: "ERR_TLS_CLIENT_CERTIFICATE_REQUIRED" }, "connect to SQS");
      }
      throw error;
    }
  }

  private constructor(
    options: CheckedOptions,
    context: DriverContext,
    { snsApi, sqsApi, sns, sqs, pollSqs, destroy }: Clients,
    region: string,
    endpoint: string | undefined,
  ) {
    this.options = options;
    this.context = context;
    this.snsApi = snsApi;
    this.sqsApi = sqsApi;
    this.sns = sns;
    this.sqs = sqs;
    this.pollSqs = pollSqs;
    this.region = region;
    this.server = `SNS and SQS, ${region}${endpoint === undefined ? "" : ` at ${new URL(endpoint).host}`}`;
    this.account = options.account;
    this.#destroy = destroy;
    this.#watch = new EndpointWatch(context, () => probe(sqs, sqsApi, region, undefined));
    // Every poll listens to it.
    setMaxListeners(0, this.#closed.signal);
  }

  /** Aborted at the end of closing: for long polls, also with a client that was passed in, and for everything that waits for a queue. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** To be called with every error of a request: some mean that nobody can be reached. */
  failed(error: PubSubError): void {
    this.#watch.failed(error);
  }

  /** Waits for the polls that linger, then ends everything that is pending. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    this.#watch.stop();
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    await within(this.context.clock, timeoutMs, Promise.all(this.lingering));
    this.#closed.abort(new PubSubError("CLOSED", "the connection to SNS and SQS was closed"));
    this.#destroy();
  }
}

async function openClients(
  options: CheckedOptions,
  endpoint: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Clients> {
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
  const { sns: givenSns, sqs: givenSqs } = options;
  // They stay as they are, and open.
  if (givenSns !== undefined && givenSqs !== undefined)
    return { snsApi, sqsApi, sns: givenSns, sqs: givenSqs, pollSqs: givenSqs, destroy: ignore };

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
  // A queue's URL names the host of its region. An emulator or a VPC endpoint has another host.
  const sqsConfig = { ...config, useQueueUrlAsEndpoint: false };
  const sns = new snsApi.SNSClient({ ...config, requestHandler: snsHandler });
  const sqs = new sqsApi.SQSClient({ ...sqsConfig, requestHandler: sqsHandler });
  // One attempt: the receiver's own loop tries again, and tells core.
  const pollSqs = new sqsApi.SQSClient({ ...sqsConfig, requestHandler: pollHandler, maxAttempts: 1 });
  hastenPublishBatch(sns);
  hastenReceive(pollSqs);
  const destroy = (): void => {
    for (const client of [sns, sqs, pollSqs]) client.destroy();
  };
  return { snsApi, sqsApi, sns, sqs, pollSqs, destroy };
}

function isClosedByPeer(error: unknown): boolean {
  const { cause } = error instanceof PubSubError ? error : {};
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
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
