import { createServer, type AddressInfo, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { TcpLink, type LinkConditions } from "./tcp-link.ts";

/** Where a `TcpProxy` leads. */
export interface TcpProxyOptions {
  /** The host it leads to. */
  readonly targetHost: string;
  /** The port it leads to. */
  readonly targetPort: number;
}

/**
 * A TCP connection to a broker that can be made to fail. Connect the adapter under test to `host` and
 * `port`; everything goes to the target until a fault is set. Faults apply to every connection at once,
 * and last until {@link TcpProxy.heal}.
 */
export interface TcpProxy {
  /** Always 127.0.0.1. */
  readonly host: string;
  /** Does not change during the life of the proxy, also while it is cut. */
  readonly port: number;
  /** Clients connected now. */
  readonly connections: number;
  /** Clients that have connected so far. */
  readonly accepted: number;
  readonly bytesToTarget: number;
  readonly bytesToClient: number;
  /** Closes every connection; resolves when new ones are refused (ECONNREFUSED). */
  readonly cut: () => Promise<void>;
  /**
   * Half-open: connections stay open and new ones are accepted, writing succeeds, and nothing arrives on the other
   * side. Bytes sent meanwhile are lost.
   */
  readonly blackhole: () => void;
  /** Adds latency in each direction. 0 removes it. Bytes on their way keep the delay they started with. */
  readonly delay: (delayMs: number) => void;
  /** Limits each direction of each connection to so many bytes per second. 0 removes it. */
  readonly slow: (bytesPerSecond: number) => void;
  /**
   * Every connection, also each new one, forwards so many more bytes in each direction and is then reset: what is on its
   * way arrives in part.
   */
  readonly truncate: (bytes: number) => void;
  /** Sends a TCP reset on every connection, once. New ones are accepted. */
  readonly resetPeers: () => void;
  /**
   * Ends all faults; resolves when connections are accepted. Connections that were in a blackhole are reset, since
   * some of their bytes are missing.
   */
  readonly heal: () => Promise<void>;
  /** Closes every connection and frees the port. Idempotent. */
  readonly close: () => Promise<void>;
}

// Below the ephemeral ports. So no outgoing connection takes the port while the proxy is cut, and a client that keeps
// reconnecting to it cannot connect to itself by accident.
const FIRST_PORT = 10_000;
const PORTS = 10_000;
const PORT_ATTEMPTS = 200;
const REOPEN_ATTEMPTS = 100;
const REOPEN_PAUSE_MS = 20;

/** Starts a proxy on a free port of 127.0.0.1. The target need not answer yet: its refusal becomes a reset. */
export async function createTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const target = { host: options.targetHost, port: options.targetPort };
  const conditions: LinkConditions = {
    blackholed: false,
    delayMs: 0,
    bytesPerSecond: 0,
    bytesToTarget: 0,
    bytesToClient: 0,
  };
  let truncateAfter = Infinity;
  const links = new Set<TcpLink>();
  let accepted = 0;
  let closed = false;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted++;
    const link = new TcpLink(client, target, conditions, () => links.delete(link));
    link.truncateAfter(truncateAfter);
    links.add(link);
  });
  await listenSomewhere(server);
  const { address: host, port } = server.address() as AddressInfo;

  const refuse = async (): Promise<void> => {
    const refused = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const link of links) link.cut();
    await refused;
  };

  return {
    host,
    port,
    get connections() {
      return [...links].filter((link) => link.open).length;
    },
    get accepted() {
      return accepted;
    },
    get bytesToTarget() {
      return conditions.bytesToTarget;
    },
    get bytesToClient() {
      return conditions.bytesToClient;
    },
    cut: refuse,
    blackhole: () => {
      conditions.blackholed = true;
      for (const link of links) link.fallDeaf();
    },
    delay: (delayMs) => {
      conditions.delayMs = requireAmount("delayMs", delayMs);
    },
    slow: (bytesPerSecond) => {
      conditions.bytesPerSecond = requireAmount("bytesPerSecond", bytesPerSecond);
    },
    truncate: (bytes) => {
      truncateAfter = requireAmount("bytes", bytes);
      for (const link of links) link.truncateAfter(bytes);
    },
    resetPeers: () => {
      for (const link of links) link.reset();
    },
    heal: async () => {
      if (closed) throw new Error("the proxy is closed and cannot heal; create another one");
      conditions.blackholed = false;
      conditions.delayMs = 0;
      conditions.bytesPerSecond = 0;
      truncateAfter = Infinity;
      for (const link of links) link.truncateAfter(Infinity);
      for (const link of links) if (link.deaf) link.reset();
      if (!server.listening) await listenAgain(server, host, port);
    },
    close: async () => {
      closed = true;
      await refuse();
    },
  };
}

const UNITS = { delayMs: "milliseconds", bytesPerSecond: "bytes per second", bytes: "bytes" } as const;

function requireAmount(name: keyof typeof UNITS, amount: number): number {
  if (Number.isFinite(amount) && amount >= 0) return amount;
  throw new RangeError(`${name} is ${amount}; it must be a number of ${UNITS[name]}, 0 or more`);
}

async function listenSomewhere(server: Server): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      await listen(server, "127.0.0.1", port);
      return;
    } catch (error) {
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** On the port that it had. Only another program can occupy it for a moment. */
async function listenAgain(server: Server, host: string, port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await listen(server, host, port);
      return;
    } catch (error) {
      if (attempt === REOPEN_ATTEMPTS) throw error;
      await sleep(REOPEN_PAUSE_MS);
    }
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
