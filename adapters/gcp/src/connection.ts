import { ConnectionStatus, type DriverContext, PubSubError, untilAborted, within } from "@anytopic/core/driver";
import type * as Google from "@google-cloud/pubsub";
import type { ClientConfig, PubSub, v1 as V1 } from "@google-cloud/pubsub";
import type * as Gax from "google-gax";
import type { grpc as Grpc } from "google-gax";
import { applyEndpoint, isEmulator, requireAddress } from "./connection/endpoint.ts";
import { type Channel, createChannel, createMethods, type Methods } from "./connection/rpc.ts";
import { Status, toPubSubError } from "./errors.ts";
import { DISCONNECT_MS } from "./limits.ts";
import type { CheckedOptions } from "./options.ts";
import { createPublishChannel } from "./connection/publish-channel.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const GOOGLE = "pubsub.googleapis.com";

/** gRPC's connectivity states. */
const IDLE = 0;
const READY = 2;
const TRANSIENT_FAILURE = 3;
const SHUTDOWN = 4;

/** Reconnects soon after a broker's restart, and at least every 10 s. gRPC adds its own jitter. */
const CHANNEL_OPTIONS = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 10_000,
  "grpc.use_local_subchannel_pool": 1,
} as const;

/** The generated clients of the library. Their stubs are what calls are made on; the second publisher's carries every other publish. */
interface GeneratedClients {
  readonly publisher: V1.PublisherClient;
  readonly secondPublisher: V1.PublisherClient;
  readonly subscriber: V1.SubscriberClient;
}

/** What all parts of the driver share. */
export class Connection {
  readonly options: CheckedOptions;
  readonly context: DriverContext;
  readonly native: PubSub;
  readonly projectId: string;
  readonly emulator: boolean;
  /** `127.0.0.1:8085`, or `pubsub.googleapis.com`. */
  readonly endpoint: string;
  readonly methods: Methods;
  /** For admin calls. */
  readonly clients: GeneratedClients;
  /** Carries the publishes of every topic, over two connections. */
  readonly publishing: Channel;
  /** Carries the calls of dead-letter queues. */
  readonly letters: Channel;
  readonly #newStub: () => Promise<Grpc.Client>;
  readonly #newMetadata: (waitForReady: boolean) => Grpc.Metadata;
  readonly #channels: Set<Channel>;
  readonly #closing = new AbortController();
  /** Aborted when the connection begins to close. */
  readonly closed: AbortSignal = this.#closing.signal;
  #closeResult: Promise<void> | undefined;

  private constructor(
    options: CheckedOptions,
    context: DriverContext,
    native: PubSub,
    config: Pick<ClientConfig, keyof ClientConfig>,
    [{ v1, protos }, { grpc }]: readonly [typeof Google, typeof Gax],
    clients: GeneratedClients,
    [first, second, letters]: readonly [Grpc.Client, Grpc.Client, Grpc.Client],
  ) {
    const { servicePath, port } = config;
    this.options = options;
    this.context = context;
    this.native = native;
    this.projectId = native.projectId;
    this.emulator = native.isEmulator;
    this.endpoint = servicePath === undefined ? GOOGLE : servicePath + (port === undefined ? "" : `:${port}`);
    this.methods = createMethods(protos.google.pubsub.v1);
    this.clients = clients;
    this.publishing = createPublishChannel(first, second, context.clock);
    this.letters = createChannel(letters, context.clock);
    this.#newStub = () => stubOf(new v1.SubscriberClient(config));
    this.#newMetadata = (waitForReady) => new grpc.Metadata({ waitForReady });
    this.#channels = new Set([this.publishing, this.letters]);
  }

  /** Imports the client library only now, because that takes most of a second. */
  static async open(options: CheckedOptions, context: DriverContext, signal?: AbortSignal): Promise<Connection> {
    const library = await Promise.all([import("@google-cloud/pubsub"), import("google-gax")]);
    signal?.throwIfAborted();
    const [{ PubSub, v1 }, { googleAuthLibrary }] = library;
    const native = options.client ?? new PubSub(clientConfig(options, googleAuthLibrary));
    const config = { ...(await resolvedConfig(native)), ...CHANNEL_OPTIONS };
    if (options.client === undefined) applyEndpoint(config, options);
    // First: without credentials the generated clients throw a plain error that does not say what to do.
    if (!native.isEmulator) await checkCredentials(native);
    const publisher = new v1.PublisherClient(config);
    const secondPublisher = new v1.PublisherClient(config);
    const subscriber = new v1.SubscriberClient(config);
    const stubs = await Promise.all([stubOf(publisher), stubOf(secondPublisher), stubOf(subscriber)]);
    const clients = { publisher, secondPublisher, subscriber };
    const connection = new Connection(options, context, native, config, library, clients, stubs);
    const [first, second] = stubs;
    try {
      await connection.#ready(first, config.servicePath ?? GOOGLE, signal);
    } catch (error) {
      await connection.close(0);
      throw error;
    }
    connection.#watch([first, second]);
    return connection;
  }

  /** A connection of its own: pulls that wait (gRPC allows 100 at a time) must not delay anything else. */
  async openChannel(): Promise<Channel> {
    const stub = await this.#newStub();
    const channel: Channel = createChannel(stub, this.context.clock, () => this.#channels.delete(channel));
    this.#channels.add(channel);
    if (this.closed.aborted) await channel.close(0);
    return channel;
  }

  /** Headers that route the call to the resource. `waitForReady`: survives a short loss of the connection. */
  metadata(resource: "topic" | "subscription", name: string, waitForReady = false): Grpc.Metadata {
    const metadata = this.#newMetadata(waitForReady);
    metadata.set("x-goog-request-params", `${resource}=${encodeURIComponent(name)}`);
    metadata.set("x-goog-api-client", `gl-node/${process.versions.node} gccl/anytopic`);
    return metadata;
  }

  /** Ends all pending calls, then the connections. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    this.#closeResult ??= this.#close(timeoutMs);
    return this.#closeResult;
  }

  async #ready(client: Grpc.Client, host: string, signal: AbortSignal | undefined): Promise<void> {
    const text = `cannot connect to ${this.endpoint}: nothing answers`;
    const answered = new Promise<void>((resolve, reject) => {
      requireAddress(host).catch(reject);
      client.waitForReady(Date.now() + CONNECT_TIMEOUT_MS, (error) => {
        if (error === undefined) resolve();
        else reject(new PubSubError("UNAVAILABLE", text, { cause: error }));
      });
    });
    await untilAborted(answered, signal);
  }

  /** Tells core when a connection for publishes is lost, and when all of them are up again. */
  #watch(clients: readonly Grpc.Client[]): void {
    const lost = `the connection to ${this.endpoint} was lost`;
    const status = new ConnectionStatus<Grpc.Client>((state, error) => this.context.status(state, error));
    for (const client of clients) {
      const channel = client.getChannel();
      const look = (): void => {
        const state: number = channel.getConnectivityState(false);
        if (state === SHUTDOWN) return;
        if (state === TRANSIENT_FAILURE) status.report(client, "reconnecting", new PubSubError("UNAVAILABLE", lost));
        if (state === READY) status.report(client, "up");
        // A channel that lost its connection is idle until the next call. Asking for its state with `true` connects it.
        if (state === IDLE) channel.getConnectivityState(true);
        channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look);
      };
      status.report(client, "up");
      look();
    }
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#closing.abort(new PubSubError("CLOSED", "the connection was closed"));
    const disconnectMs = Math.min(DISCONNECT_MS, timeoutMs);
    const ending = [...this.#channels].map((channel) => channel.close(disconnectMs));
    const { publisher, secondPublisher, subscriber } = this.clients;
    ending.push(publisher.close(), secondPublisher.close(), subscriber.close());
    if (this.options.client === undefined) ending.push(this.native.close());
    await within(this.context.clock, timeoutMs, Promise.allSettled(ending));
  }
}

function clientConfig(options: CheckedOptions, { PassThroughClient }: typeof Gax.googleAuthLibrary): ClientConfig {
  const config: ClientConfig = { ...options.clientConfig, emulatorMode: isEmulator(options) };
  if (options.projectId !== undefined) config.projectId = options.projectId;
  if (options.emulatorHost !== undefined) config.apiEndpoint = options.emulatorHost;
  // Without it the library looks for credentials and asks the metadata server, although an emulator needs none.
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
    const code = Status.UNAUTHENTICATED;
    throw toPubSubError(Object.assign(new Error("no credentials", { cause: error }), { code }), CONNECTING);
  }
}

/** The generated client keeps its stub, a gRPC client, in an untyped record of methods. */
async function stubOf(client: V1.PublisherClient | V1.SubscriberClient): Promise<Grpc.Client> {
  return (await client.initialize()) as unknown as Grpc.Client;
}
