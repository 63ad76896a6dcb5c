import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dashboard } from "../dashboard.ts";
import { tokenLogin } from "../login/token-login.ts";
import type { DashboardOptions, Permission } from "../options.ts";
import { nodeHandler } from "./node-handler.ts";

/** Where the dashboard listens. */
export interface ServeDashboardOptions extends Omit<DashboardOptions, "authorize" | "basePath"> {
  /** The address to listen on. Another one than loopback needs a `token`. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** 0 is any free one. When it is taken, the next free one is used, if `anyPort` says so. @default 9401 */
  readonly port?: number | undefined;
  /** @default false: a port that is taken is an error, `EADDRINUSE` */
  readonly anyPort?: boolean | undefined;
  /** Lets in whoever knows it; at least 16 characters. @default links that work once */
  readonly token?: string | undefined;
  /** What whoever is signed in may do. @default nothing but looking */
  readonly can?: readonly Permission[] | undefined;
}

/** A dashboard that listens. */
export interface ServedDashboard {
  /** Without a token: `http://127.0.0.1:9401/`. */
  readonly url: string;
  readonly port: number;
  /** An address that signs in: once, unless there is a `token`. */
  newLink(): string;
  /** Ends at once, with all streams. Does not close the `PubSub`. */
  close(): Promise<void>;
}

/** Where the dashboard listens unless another port is given. */
export const DEFAULT_PORT = 9401;
const DEFAULT_HOST = "127.0.0.1";

/**
 * A server of its own for the dashboard, on `node:http`.
 *
 * @throws TypeError when an option is wrong, and the error of `listen`
 */
export async function serveDashboard(options: ServeDashboardOptions): Promise<ServedDashboard> {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, anyPort = false, token, can, ...rest } = options;
  if (!isLoopback(host) && token === undefined) {
    throw new TypeError(`host is "${host}", which others may reach: a token is needed`);
  }
  const login = tokenLogin({ token, can });
  const handler = dashboard({ ...rest, authorize: login });
  const server = createServer(nodeHandler(handler));
  await listen(server, host, port, anyPort);
  const { port: opened } = server.address() as AddressInfo;
  const url = `http://${shownHost(host)}:${opened}/`;
  return {
    url,
    port: opened,
    newLink: () => `${url}#token=${encodeURIComponent(token ?? login.newToken())}`,
    async close() {
      await handler.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Whether only this machine can reach it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

function shownHost(host: string): string {
  // Nobody can open "all addresses".
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

async function listen(server: Server, host: string, port: number, anyPort: boolean): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    if (!anyPort || !isTaken) throw error;
    await listenOn(server, host, 0);
  }
}

async function listenOn(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } finally {
    server.off("error", reject);
  }
}
