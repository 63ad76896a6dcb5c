import { ConnectionStatus, type DriverContext, PubSubError, untilAborted, within } from "@anytopic/core/driver";
import type { ClientConfig, PubSub, v1 as V1 } from "@google-cloud/pubsub";
import type { googleAuthLibrary as GoogleAuthLibrary, grpc as Grpc } from "google-gax";
import { AdminCalls } from "./connection/admin-calls.ts";
import { applyEndpoint, endpointOf, isEmulator, requireAddress } from "./connection/endpoint.ts";
import { toPubSubError } from "./errors.ts";
import { GOODBYE_MS } from "./limits.ts";
import type { CheckedOptions } from "./options.ts";
import { createPublishChannel } from "./publish/publish-channel.ts";
import { type Channel, createChannel, createMethods, type Methods } from "./connection/rpc.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const GOOGLE = "pubsub.googleapis.com";

/** Quick to come back after a broker's restart, and never silent for long. gRPC adds its own jitter. */
const CHANNEL_OPTIONS = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 10_000,
} as const;

/** What all parts of the driver share. */
export interface Connection {
  readonly options: CheckedOptions;
  readonly context: DriverContext;
  readonly methods: Methods;
  readonly projectId: string;
  readonly native: PubSub;
  readonly emulator: boolean;
  /** `127.0.0.1:8085`, or `pubsub.googleapis.com`. */
  readonly endpoint: string;
  /** Admin calls. */
  readonly publisherClient: V1.PublisherClient;
  readonly subscriberClient: V1.SubscriberClient;
  /** To be told of every admin call. */
  readonly adminCalls: AdminCalls;
  /** Carries publishes of every topic, over two connections. */
  readonly publishing: Channel;
  /** Carries what dead-letter queues need. */
  readonly letters: Channel;
  /** A connection of its own, so that pulls that wait (gRPC allows 100 at a time) never delay anything else. */
  openChannel(): Promise<Channel>;
  /** Headers that route the call to the resource. `waitForReady`: survives a short loss of the connection. */
  metadata(resource: "topic" | "subscription", name: string, waitForReady?: boolean): Grpc.Metadata;
  /** Aborted when the connection begins to close. */
  readonly closed: AbortSignal;
  /** Ends everything that is under way, then the connections. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** Imports the client library, which takes most of a second, only now. */
export async function connect(
  options: CheckedOptions,
  context: DriverContext,
  signal?: AbortSignal,
): Promise<Connection> {
  const [{ PubSub, v1, protos }, gax] = await Promise.all([import("@google-cloud/pubsub"), import("google-gax")]);
  signal?.throwIfAborted();
  const native = options.client ?? new PubSub(clientConfig(options, gax.googleAuthLibrary));
  const config = await resolvedConfig(native);
  const given = options.client === undefined ? endpointOf(options) : undefined;
  if (given !== undefined) applyEndpoint(config, given);
  // First: without credentials the generated clients throw a plain error that does not say what to do.
  if (!native.isEmulator) await checkCredentials(native);
  const channelConfig = { ...config, ...CHANNEL_OPTIONS, "grpc.use_local_subchannel_pool": 1 };
  const publisherClient = new v1.PublisherClient(channelConfig);
  const subscriberClient = new v1.SubscriberClient(channelConfig);
  const endpoint = textOf(config);
  const secondPublisher = new v1.PublisherClient(channelConfig);
  const [publishing, publishingToo, letters] = await Promise.all([
    stubOf(publisherClient),
    stubOf(secondPublisher),
    stubOf(subscriberClient),
  ]);
  const channels = new Set([
    createPublishChannel(publishing, publishingToo, context.clock),
    createChannel(letters, context.clock),
  ]);
  const [publishChannel, lettersChannel] = [...channels] as [Channel, Channel];
  const adminCalls = new AdminCalls();
  const closing = new AbortController();
  const close = async (timeoutMs: number): Promise<void> => {
    closing.abort(new PubSubError("CLOSED", "the connection was closed"));
    adminCalls.cancel();
    const goodbyeMs = Math.min(GOODBYE_MS, timeoutMs);
    const ending: Promise<unknown>[] = [...channels].map(async (channel) => await channel.close(goodbyeMs));
    ending.push(publisherClient.close(), secondPublisher.close(), subscriberClient.close());
    if (options.client === undefined) ending.push(native.close());
    await within(context.clock, timeoutMs, Promise.allSettled(ending));
  };
  try {
    await ready(publishing, endpoint, given?.host ?? config.servicePath ?? GOOGLE, signal);
  } catch (error) {
    await close(0);
    throw error;
  }
  watch([publishing, publishingToo], endpoint, context);
  return {
    options,
    context,
    methods: createMethods(protos.google.pubsub.v1),
    projectId: native.projectId,
    native,
    emulator: native.isEmulator,
    endpoint,
    publisherClient,
    subscriberClient,
    adminCalls,
    publishing: publishChannel,
    letters: lettersChannel,
    async openChannel(): Promise<Channel> {
      const stub = await stubOf(new v1.SubscriberClient(channelConfig));
      const channel: Channel = createChannel(stub, context.clock, () => channels.delete(channel));
      channels.add(channel);
      if (closing.signal.aborted) await channel.close(0);
      return channel;
    },
    metadata(resource, name, waitForReady = false): Grpc.Metadata {
      const metadata = new gax.grpc.Metadata({ waitForReady });
      metadata.set("x-goog-request-params", `${resource}=${encodeURIComponent(name)}`);
      metadata.set("x-goog-api-client", `gl-node/${process.versions.node} gccl/anytopic`);
      return metadata;
    },
    closed: closing.signal,
    close,
  };
}

function clientConfig(options: CheckedOptions, { PassThroughClient }: typeof GoogleAuthLibrary): ClientConfig {
  const config: ClientConfig = { ...options.clientConfig, emulatorMode: isEmulator(options) };
  if (options.projectId !== undefined) config.projectId = options.projectId;
  if (options.emulatorHost !== undefined) config.apiEndpoint = options.emulatorHost;
  // Without it the library looks for credentials and asks the metadata server, although an emulator wants none.
  if (config.emulatorMode === true) config.authClient = new PassThroughClient();
  return config;
}

async function resolvedConfig(native: PubSub): Promise<ClientConfig> {
  try {
    const config = await native.getClientConfig();
    if (native.projectId === "") throw new Error("project id is missing");
    return config;
  } catch (error) {
    if (!/project id/i.test(String(error))) throw toPubSubError(error, CONNECTING);
    const remedy = "put it into the URL, gcp://my-project, or set GOOGLE_CLOUD_PROJECT";
    throw new PubSubError("INVALID_CONFIG", `no project id is known: ${remedy}`, { cause: error });
  }
}

const CONNECTING = { verb: "connect to", resource: "Google Cloud Pub/Sub", role: "roles/pubsub.editor" } as const;

async function checkCredentials(native: PubSub): Promise<void> {
  try {
    await native.auth.getClient();
  } catch (error) {
    const unauthenticated = Object.assign(new Error("no credentials", { cause: error }), { code: 16 });
    throw toPubSubError(unauthenticated, CONNECTING);
  }
}

function textOf({ servicePath, port }: ClientConfig): string {
  if (servicePath === undefined) return GOOGLE;
  return port === undefined ? servicePath : `${servicePath}:${port}`;
}

/** The generated client keeps its stub, a gRPC client, in an untyped record of methods. */
async function stubOf(client: V1.PublisherClient | V1.SubscriberClient): Promise<Grpc.Client> {
  return (await client.initialize()) as unknown as Grpc.Client;
}

async function ready(
  client: Grpc.Client,
  endpoint: string,
  host: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const answered = new Promise<void>((resolve, reject) => {
    requireAddress(host).catch(reject);
    client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => {
      if (error === undefined) resolve();
      else reject(new PubSubError("UNAVAILABLE", `cannot connect to ${endpoint}: nothing answers`, { cause: error }));
    });
  });
  await untilAborted(answered, signal);
}

/** gRPC's connectivity states. */
const IDLE = 0;
const READY = 2;
const TRANSIENT_FAILURE = 3;
const SHUTDOWN = 4;

/** Tells core when a connection that publishes is lost and when all are back. */
function watch(clients: readonly Grpc.Client[], endpoint: string, context: DriverContext): void {
  const status = new ConnectionStatus<Grpc.Client>((state, error) => context.status(state, error));
  for (const client of clients) {
    const channel = client.getChannel();
    const look = (): void => {
      const state: number = channel.getConnectivityState(false);
      if (state === SHUTDOWN) return;
      if (state === TRANSIENT_FAILURE) {
        status.report(client, "reconnecting", new PubSubError("UNAVAILABLE", `the connection to ${endpoint} was lost`));
      } else if (state === READY) status.report(client, "up");
      // A channel that lost its connection is idle until the next call; asking for its state with `true` connects it.
      if (state === IDLE) channel.getConnectivityState(true);
      channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look);
    };
    status.report(client, "up");
    look();
  }
}
