import { createConnection, type Socket } from "node:net";
import { type DriverContext, PubSubError, retryPauseMs, within } from "@anytopic/core/driver";
import { DIAL_TIMEOUT_MS, DialBudget } from "./dial-budget.ts";
import { holdFirstWrite } from "./hold-first-write.ts";
import {
  connect,
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  ProtocolHandler,
  type Status,
} from "@nats-io/transport-node";

/** What the client asks of its owner. */
export interface ClientHooks extends Pick<DriverContext, "clock" | "random"> {
  /** Something that was received could not be handled; the connection goes on. */
  fault(error: unknown): void;
}

/** What the client tells of its connection, from now on and until it is stopped, which its types do not know. */
export type Statuses = AsyncIterable<Status> & { stop?(): void };

/** What of the client's insides is reached into. Not part of its types, or private there. */
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
  closed(): Promise<Error | void>;
  discard(): void;
}

interface Server {
  readonly listen: string;
  lastConnect: number;
  /** What its name was resolved to; undefined for an address. */
  readonly resolves?: readonly object[];
}

interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * The client library, held to what it does not promise by itself, from its very first dial on:
 *
 * - Nothing that was received ends its read loop. A callback that throws, its own ones included, would: the socket then
 *   stays open and silent until the pings fail.
 * - Redials are paced by a monotonic clock. It compares wall clock times, and waits until a clock that was set back has caught up.
 * - A dial that fails leaves no socket, and fails when the server closes the connection, with the server's reason. It
 *   would keep a socket that waits for INFO, and wait for the end of its timeout.
 * - The first connection reaches every server within its time, and the later ones also those that did not answer at first. It
 *   would wait for the first servers until no time is left, and forget whoever failed.
 * - Closing ends, whatever the line does, and leaves no socket and no timer.
 *
 * All this hangs on methods of objects that the client makes, put in front of its own; `test/client.test.ts` would notice
 * a version that has them no more, and `ADR 013` says why there is no other place.
 */
export class Client {
  readonly nc: NatsConnection;
  readonly #protocol: Protocol;
  readonly #hooks: ClientHooks;
  readonly #isOurs: boolean;
  /** Every socket that may be open. */
  #sockets: Socket[] = [];
  #dialedAt = Number.NEGATIVE_INFINITY;
  /** Dials since the last success, which its owner knows. */
  redials = 0;
  /** While there was no connection yet. */
  #budget: DialBudget | undefined;
  #closing: Promise<void> | undefined;

  private constructor(nc: NatsConnection, protocol: Protocol, hooks: ClientHooks, isOurs: boolean) {
    this.nc = nc;
    this.#protocol = protocol;
    this.#hooks = hooks;
    this.#isOurs = isOurs;
    guardCallbacks(protocol, hooks);
  }

  /** Makes a client that is not connected yet: `dial` connects it. */
  static create(options: ConnectionOptions, hooks: ClientHooks): Client {
    useNodeTransport();
    const nc = new Impl({
      ...options,
      reconnectDelayHandler: () => client.#forgetDials(),
      reconnectToServer: ([server]) => (server === undefined ? null : { server, delay: client.#delayMs() }),
    });
    const handler = new ProtocolHandler(nc.options, nc);
    nc.protocol = handler;
    // Printing the connection must not print what it logs in with.
    for (const secret of ["protocol", "options"]) Object.defineProperty(nc, secret, { enumerable: false });
    const client = new Client(nc, handler as unknown as Protocol, hooks, true);
    client.#guardDials();
    return client;
  }

  /** A connection that somebody else has made and will close. */
  static adopt(nc: NatsConnection, hooks: ClientHooks): Client {
    return new Client(nc, (nc as unknown as { readonly protocol: Protocol }).protocol, hooks, false);
  }

  /** The first connection; every server is dialled within `timeoutMs`. Afterwards the client repairs it by itself, until it is closed. */
  async dial(timeoutMs: number): Promise<void> {
    const { servers, options } = this.#protocol;
    const all = [...servers.getServers()];
    this.#budget = new DialBudget(timeoutMs, () => this.#hooks.clock.monotonicNow());
    await this.#protocol.dialLoop();
    this.#budget = undefined;
    options.timeout = DIAL_TIMEOUT_MS;
    const left = servers.getServers();
    left.push(...all.filter(({ listen }) => !left.some((one) => one.listen === listen)));
  }

  statuses(): Statuses {
    return this.nc.status();
  }

  /** How many messages have been received. */
  get received(): number {
    return this.nc.stats().inMsgs;
  }

  /** Ends the connection at once, for a new one: the client's own `reconnect` first waits for what may never be written. */
  drop(): void {
    const socket = this.#isOurs ? this.#protocol.transport?.socket : undefined;
    if (socket !== undefined) socket.destroy();
    else this.nc.reconnect().catch(() => {});
  }

  /** Resolves within `timeoutMs`; then nothing of it is left. Does nothing to a connection of somebody else. */
  async close(timeoutMs: number): Promise<void> {
    if (!this.#isOurs) return;
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const protocol = this.#protocol;
    protocol.abortReconnect = true;
    await within(this.#hooks.clock, timeoutMs, this.nc.close());
    protocol.heartbeats.cancel();
    protocol.raceTimer?.cancel();
    protocol.dialDelay?.cancel();
    protocol.transport?.discard();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The client waits until `lastConnect` is long enough ago by the wall clock; it is asked for the delay before it looks. */
  #forgetDials(): number {
    for (const server of this.#protocol.servers.getServers()) server.lastConnect = 0;
    return 0;
  }

  #delayMs(): number {
    if (!this.#protocol.connectedOnce) return 0;
    const { clock, random } = this.#hooks;
    return Math.max(0, this.#dialedAt + retryPauseMs(++this.redials, random) - clock.monotonicNow());
  }

  #guardDials(): void {
    const protocol = this.#protocol;
    const prepare = protocol.prepare.bind(protocol);
    protocol.prepare = () => {
      if (this.#closing !== undefined) throw new PubSubError("CLOSED", "the connection to NATS is closed");
      useNodeTransport();
      this.#dialedAt = this.#hooks.clock.monotonicNow();
      if (this.#budget !== undefined) {
        const { server, servers } = protocol;
        protocol.options.timeout = this.#budget.next(server, server.resolves?.length ?? 1, servers.getServers().length);
      }
      const errorBefore = protocol.lastError;
      const answered = prepare();
      guardParser(protocol, (error) => {
        this.#hooks.fault(error);
        this.drop();
      });
      const transport = protocol.transport as Transport;
      this.#trackSockets(transport);
      const reason = (): Error => {
        if (protocol.lastError !== undefined && protocol.lastError !== errorBefore) return protocol.lastError;
        return transport.closeError ?? new PubSubError("UNAVAILABLE", "the server closed the connection");
      };
      void transport.closed().then(() => answered.reject(reason()));
      answered.catch(() => transport.discard());
      return answered;
    };
  }

  #trackSockets(transport: Transport): void {
    const dial = (server: Address): Promise<Socket> => {
      const { promise, resolve, reject } = Promise.withResolvers<Socket>();
      const socket = createConnection(server.port, server.hostname);
      this.#sockets = [...this.#sockets.filter(({ destroyed }) => !destroyed), socket];
      let failure: Error | undefined;
      const failed = (error: Error): void => void (failure = error);
      const closed = (): void => reject(failure ?? new PubSubError("UNAVAILABLE", "the connection was closed"));
      socket.on("error", failed);
      socket.on("close", closed);
      socket.on("connect", () => {
        socket.off("error", failed);
        socket.off("close", closed);
        resolve(socket);
      });
      socket.setNoDelay(true);
      holdFirstWrite(socket, this.#hooks.clock);
      return promise;
    };
    transport.dial = dial;
    // Makes a socket of its own unless there is one.
    const tlsFirst = transport.tlsFirst.bind(transport);
    transport.tlsFirst = async (server) => {
      transport.socket = await dial(server);
      return tlsFirst(server);
    };
  }
}

/** What the client's `connect` makes; its constructor is private in the types. */
const Impl = NatsConnectionImpl as unknown as new (
  options: ConnectionOptions,
) => NatsConnection & Pick<NatsConnectionImpl, "options" | "protocol">;

const guarded = new WeakSet<Protocol>();

/** Once for each connection: several drivers may share one that was handed in. */
function guardCallbacks(protocol: Protocol, hooks: ClientHooks): void {
  if (typeof protocol?.processMsg !== "function" || guarded.has(protocol)) return;
  guarded.add(protocol);
  const processMsg = protocol.processMsg.bind(protocol);
  protocol.processMsg = (message, data) => {
    try {
      processMsg(message, data);
    } catch (error) {
      hooks.fault(error);
    }
  };
}

/** Bytes that are no NATS protocol: nothing after them can be read, so the connection is given up. */
function guardParser({ parser }: Protocol, giveUp: (error: unknown) => void): void {
  const parse = parser.parse.bind(parser);
  parser.parse = (bytes) => {
    try {
      parse(bytes);
    } catch (error) {
      giveUp(error);
    }
  };
}

/**
 * The client keeps the kind of its transports in one variable of the module, which `connect` of this package sets and
 * `wsconnect` sets to another. Options that contradict each other are refused after that and before anything is dialled.
 */
function useNodeTransport(): void {
  connect({ servers: "127.0.0.1", port: 1 }).catch(() => {});
}
