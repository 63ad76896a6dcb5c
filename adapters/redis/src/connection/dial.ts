import { isIP } from "node:net";
import { type Clock, PubSubError, requireWithin } from "@anytopic/core/driver";
import {
  createClient,
  type RedisClientOptions,
  type RedisClientType,
  RESP_TYPES,
  SocketClosedUnexpectedlyError,
} from "@redis/client";
import { replyWord } from "../errors.ts";
import type { CheckedOptions } from "../options.ts";
import { type Address, shownAddress } from "./address.ts";
import { readTlsFiles } from "./tls-options.ts";

/** The client of `@redis/client` for commands, with RESP 2. */
export type RedisClient = RedisClientType<{}, {}, {}, 2>;
export type Command = readonly (string | Buffer)[];

/** One dial may take so long, login included, in ms. */
export const DIAL_TIMEOUT_MS = 5000;

/** Who answered: of `HELLO`, which no ACL can forbid. */
export interface Hello {
  /** `"redis"` or `"valkey"`. */
  readonly program: string;
  readonly version: string;
  /** The number of this connection at the server. */
  readonly id: number;
  readonly mode: "standalone" | "sentinel" | "cluster";
  readonly isReplica: boolean;
}

/** One connection, from its dial to its end. It is never repaired: a new one is dialled. */
export interface Dialled {
  readonly client: RedisClient;
  readonly address: Address;
  readonly hello: Hello;
  /** Resolves with the reason when the connection has ended by itself. */
  readonly lost: Promise<unknown>;
  /** Ends it at once: every command without a reply is rejected, and no socket is left. */
  end(): void;
}

export interface Login {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
}

/**
 * Connects, logs in and says hello. Rejects with what the client or the server reports, after `timeoutMs` at the latest.
 *
 * The client's own repair is not used. It re-reads no certificates, knows no sentinels, and pauses without jitter of ours. Its own sentinel and
 * cluster clients queue commands and send them again. The signal among the socket's options ends a socket that is still connecting, which
 * the client's `destroy` does not.
 */
export async function dial(
  address: Address,
  { name, tls }: Pick<CheckedOptions, "name" | "tls">,
  login: Login,
  clock: Clock,
  timeoutMs: number = DIAL_TIMEOUT_MS,
): Promise<Dialled> {
  const socket = new AbortController();
  const client = newClient(address, tls, login, socket.signal);
  const { promise: lost, resolve } = Promise.withResolvers<unknown>();
  // Also bytes that are not RESP: the client would go on, and give replies to the wrong commands.
  client.on("error", (error: unknown) => resolve(error));
  const end = (): void => {
    client.destroy();
    socket.abort();
    // The client is silent about its own end, and whoever waits for it would keep it for ever.
    resolve(new PubSubError("CLOSED", "the connection to Redis was ended"));
  };
  try {
    // A server without TLS is silent when TLS begins, and does not end the connection (seen with 7.0.15).
    const late = (): PubSubError =>
      new PubSubError(
        "UNAVAILABLE",
        `no answer from ${shownAddress(address)} within ${Math.ceil(timeoutMs)} ms${tls === undefined ? "" : ": it may have no TLS"}`,
      );
    const hello = await requireWithin(clock, timeoutMs, connectAndGreet(client, name), late);
    return { client, address, hello, lost, end };
  } catch (error) {
    end();
    throw hinted(error, address, tls !== undefined);
  }
}

/** What a server means that ends the connection without a word. */
function hinted(error: unknown, address: Address, isTls: boolean): unknown {
  const { code } = error as { readonly code?: unknown };
  if (!(error instanceof SocketClosedUnexpectedlyError) && code !== "ECONNRESET" && code !== "EPIPE") return error;
  const hint = isTls
    ? "the server may have no TLS, or ask for a client's certificate: set certFile and keyFile of the tls option"
    : "the server may want TLS: write rediss: or set tls";
  return new PubSubError("UNAVAILABLE", `${shownAddress(address)} ended the connection at once: ${hint}`, {
    cause: error,
  });
}

async function connectAndGreet(client: RedisClient, name: string): Promise<Hello> {
  await client.connect();
  const reply = (await client.sendCommand(["HELLO", "2", "SETNAME", name])) as unknown as readonly (Buffer | number)[];
  // A server that has just started says hello, and refuses all else until it has read its data.
  await client.sendCommand(["PING"]).catch((error: unknown) => {
    if (replyWord(error) !== "NOPERM") throw error;
  });
  const fields = new Map<string, Buffer | number | undefined>();
  for (let at = 0; at + 1 < reply.length; at += 2) fields.set(String(reply[at]), reply[at + 1]);
  const text = (field: string): string => String(fields.get(field) ?? "");
  return {
    program: text("server") || "redis",
    version: text("version"),
    id: Number(fields.get("id")),
    mode: text("mode") as Hello["mode"],
    isReplica: text("role") === "replica" || text("role") === "slave",
  };
}

function newClient(
  { host, port }: Address,
  tls: CheckedOptions["tls"],
  { user, password, db }: Login,
  signal: AbortSignal,
): RedisClient {
  const credentials = {
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
  };
  const options: RedisClientOptions<{}, {}, {}, 2> = {
    RESP: 2,
    disableOfflineQueue: true,
    // Both would need permissions of an ACL.
    disableClientInfo: true,
    maintNotifications: "disabled",
    // The client's own timeout makes an AbortSignal for every command, and does not end one that was sent.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: {
      host,
      port,
      signal,
      // Off: `dial` has the limit, and knows what silence means. With two limits of the same length either may be the first.
      connectTimeout: 0,
      reconnectStrategy: false,
      ...(tls === undefined
        ? {}
        : { ...(isIP(host) === 0 ? { servername: host } : {}), ...readTlsFiles(tls), tls: true }),
    },
    database: db,
    // A function: printing the client does not print what it encloses.
    ...(password === undefined
      ? {}
      : { credentialsProvider: { type: "async-credentials-provider", credentials: async () => credentials } }),
  };
  return createClient(options);
}
