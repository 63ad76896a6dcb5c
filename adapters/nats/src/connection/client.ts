import type { Socket } from "node:net";
import { type DriverContext, PubSubError, retryPauseMs, within } from "@anytopic/core/driver";
import {
  connect,
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  ProtocolHandler,
} from "@nats-io/transport-node";
import { DIAL_TIMEOUT_MS, DialBudget } from "./dial-budget.ts";
import { type Address, Sockets } from "./sockets.ts";

/** What a client needs of its driver. */
export type ClientContext = Pick<DriverContext, "clock" | "logger" | "random">;

/** The internals of the client that are used here. They are private, or not part of its types. */
interface Protocol {
  readonly transport?: Transport;
  readonly parser: { parse(bytes: Uint8Array): void };
  readonly servers: { getServers(): Server[] };
  readonly server: Server;
  readonly options: { timeout?: number };
  readonly connectedOnce: boolean;
  readonly lastError?: Error;
  readonly heartbeats: { cancel(): void };
  readonly raceTimer?: { cancel(): void };
  readonly dialDelay: { cancel(): void } | null;
  abortReconnect: boolean;
  prepare(): Promise<void> & { reject(error: unknown): void };
  processMsg(message: unknown, data: Uint8Array): void;
  dialLoop(): Promise<void>;
}

interface Transport {
  readonly closeError?: Error;
  socket?: Socket;
  dial(server: Address): Promise<Socket>;
  tlsFirst(server: Address): Promise<Socket>;
  /** The server's greeting. */
  peekInfo(): Promise<{ readonly tls_verify?: boolean }>;
  startTLS(): Promise<Socket>;
  closed(): Promise<Error | void>;
  discard(): void;
}

interface Server {
  readonly listen: string;
  lastConnect: number;
  /** The addresses of its name; undefined for an address. */
  readonly resolves?: readonly object[];
}

/** Errors are logged at most so often: a stranger can cause any number of them. */
const ERROR_LOG_MS = 1000;

/**
 * The client library, with guards for what it does not promise itself, from its first dial on:
 *
 * - Nothing that is received ends its read loop. A callback that throws would end it, also one of the client's own. The
 *   socket would then stay open and silent until the pings fail.
 * - Redials are paced by a monotonic clock. The client compares wall clock times, and would wait until a clock that was
 *   set back has caught up.
 * - A dial that fails leaves no socket. It fails when the server closes the connection, with the server's reason. The
 *   client would keep a socket that waits for INFO, until the timeout of the dial.
 * - The first connection tries every server within its time, and later connections try all servers again. The client
 *   would spend all its time on the first servers, and forget each one that failed.
 * - Closing ends in time, whatever the network does, and leaves no socket and no timer.
 *
 * The guards wrap methods of objects that the client makes. `test/client.test.ts` fails for a version without these
 * methods, and `ADR 013` says why there is no better place.
 */
export class Client {
  readonly nc: NatsConnection;
  readonly #protocol: Protocol;
  readonly #context: ClientContext;
  readonly #isOurs: boolean;
  readonly #sockets: Sockets;
  /** Redials since the last success; the owner resets it. */
  redials = 0;
  #dialedAt = Number.NEGATIVE_INFINITY;
  #errorLoggedMs = Number.NEGATIVE_INFINITY;
  /** Only until the first connection. */
  #budget: DialBudget | undefined;
  #closing: Promise<void> | undefined;

  private constructor(nc: NatsConnection, protocol: Protocol, context: ClientContext, isOurs: boolean) {
    this.nc = nc;
    this.#protocol = protocol;
    this.#context = context;
    this.#isOurs = isOurs;
    this.#sockets = new Sockets(context.clock);
    guardCallbacks(protocol, this.#logError);
  }

  /** Makes a client that is not connected yet: `dial` connects it. */
  static create(options: ConnectionOptions, context: ClientContext): Client {
    useNodeTransport();
    const nc = new Impl({
      ...options,
      reconnectDelayHandler: () => client.#forgetDials(),
      reconnectToServer: ([server]) => (server === undefined ? null : { server, delay: client.#delayMs() }),
    });
    const handler = new ProtocolHandler(nc.options, nc);
    nc.protocol = handler;
    // Printing the connection must not print its credentials.
    for (const secret of ["protocol", "options"]) Object.defineProperty(nc, secret, { enumerable: false });
    const client = new Client(nc, handler as unknown as Protocol, context, true);
    client.#guardDials();
    return client;
  }

  /** For a connection that the application has made and will close. */
  static adopt(nc: NatsConnection, context: ClientContext): Client {
    return new Client(nc, (nc as unknown as { readonly protocol: Protocol }).protocol, context, false);
  }

  /** Makes the first connection: every server is dialled within `timeoutMs`. Afterwards the client repairs it until it is closed. */
  async dial(timeoutMs: number): Promise<void> {
    const { servers, options } = this.#protocol;
    const all = [...servers.getServers()];
    this.#budget = new DialBudget(timeoutMs, () => this.#context.clock.monotonicNow());
    await this.#protocol.dialLoop();
    this.#budget = undefined;
    options.timeout = DIAL_TIMEOUT_MS;
    const left = servers.getServers();
    left.push(...all.filter(({ listen }) => !left.some((one) => one.listen === listen)));
  }

  /** Ends the connection at once, for a new one. The client's own `reconnect` first waits for a write that may never end. */
  drop(): void {
    const socket = this.#isOurs ? this.#protocol.transport?.socket : undefined;
    if (socket !== undefined) socket.destroy();
    else this.nc.reconnect().catch(() => {});
  }

  /** Resolves within `timeoutMs`; then no socket and no timer is left. Does nothing to a connection that was adopted. */
  async close(timeoutMs: number): Promise<void> {
    if (!this.#isOurs) return;
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const protocol = this.#protocol;
    protocol.abortReconnect = true;
    await within(this.#context.clock, timeoutMs, this.nc.close());
    protocol.heartbeats.cancel();
    protocol.raceTimer?.cancel();
    protocol.dialDelay?.cancel();
    protocol.transport?.discard();
    this.#sockets.destroyAll();
  }

  /** The client compares `lastConnect` with the wall clock, after it has asked for the delay: 0 is always long ago. */
  #forgetDials(): number {
    for (const server of this.#protocol.servers.getServers()) server.lastConnect = 0;
    return 0;
  }

  #delayMs(): number {
    if (!this.#protocol.connectedOnce) return 0;
    const { clock, random } = this.#context;
    return Math.max(0, this.#dialedAt + retryPauseMs(++this.redials, random) - clock.monotonicNow());
  }

  #guardDials(): void {
    const protocol = this.#protocol;
    const prepare = protocol.prepare.bind(protocol);
    protocol.prepare = () => {
      if (this.#closing !== undefined) throw new PubSubError("CLOSED", "the connection to NATS is closed");
      useNodeTransport();
      this.#dialedAt = this.#context.clock.monotonicNow();
      if (this.#budget !== undefined) {
        const { server, servers } = protocol;
        protocol.options.timeout = this.#budget.next(server, server.resolves?.length ?? 1, servers.getServers().length);
      }
      const errorBefore = protocol.lastError;
      const answered = prepare();
      guardParser(protocol, (error) => {
        this.#logError(error);
        this.drop();
      });
      const transport = protocol.transport as Transport;
      transport.dial = (server) => this.#sockets.open(server);
      const peekInfo = transport.peekInfo.bind(transport);
      transport.peekInfo = async () => {
        const info = await peekInfo();
        if (info.tls_verify === true) {
          const startTLS = transport.startTLS.bind(transport);
          transport.startTLS = async () => {
            const socket = await startTLS();
            this.#sockets.holdForCertificate(socket);
            return socket;
          };
        }
        return info;
      };
      // It makes a socket of its own unless there is one.
      const tlsFirst = transport.tlsFirst.bind(transport);
      transport.tlsFirst = async (server) => {
        transport.socket = await this.#sockets.open(server);
        return tlsFirst(server);
      };
      const reason = (): Error => {
        if (protocol.lastError !== undefined && protocol.lastError !== errorBefore) return protocol.lastError;
        return transport.closeError ?? new PubSubError("UNAVAILABLE", "the server closed the connection");
      };
      void transport.closed().then(() => answered.reject(reason()));
      answered.catch(() => transport.discard());
      return answered;
    };
  }

  /** Something that was received cannot be handled; the connection stays open. */
  readonly #logError = (error: unknown): void => {
    const nowMs = this.#context.clock.monotonicNow();
    if (nowMs - this.#errorLoggedMs < ERROR_LOG_MS) return;
    this.#errorLoggedMs = nowMs;
    // Only its name: the text may quote what was received.
    const name = error instanceof Error ? error.name : typeof error;
    this.#context.logger.error({ error: name }, "something received from NATS is ignored: it cannot be handled");
  };
}

/** The class of a connection; its constructor is private in the types. */
const Impl = NatsConnectionImpl as unknown as new (
  options: ConnectionOptions,
) => NatsConnection & Pick<NatsConnectionImpl, "options" | "protocol">;

const guarded = new WeakSet<Protocol>();

/** Once for each connection: several drivers may share one that was handed in. */
function guardCallbacks(protocol: Protocol, logError: (error: unknown) => void): void {
  if (typeof protocol?.processMsg !== "function" || guarded.has(protocol)) return;
  guarded.add(protocol);
  const processMsg = protocol.processMsg.bind(protocol);
  protocol.processMsg = (message, data) => {
    try {
      processMsg(message, data);
    } catch (error) {
      logError(error);
    }
  };
}

/** After bytes that are not the NATS protocol nothing more can be read, so the connection is dropped. */
function guardParser({ parser }: Protocol, failed: (error: unknown) => void): void {
  const parse = parser.parse.bind(parser);
  parser.parse = (bytes) => {
    try {
      parse(bytes);
    } catch (error) {
      failed(error);
    }
  };
}

/**
 * The client keeps its kind of transport in one variable of the module: `connect` of this package sets it, and
 * `wsconnect` sets it to another kind. This `connect` sets it and then fails before it dials, because its options
 * contradict each other.
 */
function useNodeTransport(): void {
  connect({ servers: "127.0.0.1", port: 1 }).catch(() => {});
}
