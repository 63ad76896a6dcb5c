import { createClient, type RedisClientType } from "@redis/client";
import type { CheckedOptions } from "../options.ts";

const CONNECT_TIMEOUT_MS = 5000;

export type Client = RedisClientType<{}, {}, {}, 2>;

/** A client that never queues a command while it is disconnected, and never sends one twice. */
export function newClient(
  options: CheckedOptions,
  pauseMs: (retries: number) => number | false,
  socketTimeoutMs = 0,
): Client {
  const { host, port, username, password } = options;
  return createClient<{}, {}, {}, 2>({
    RESP: 2,
    disableOfflineQueue: true,
    // The client's own default makes an AbortSignal for every command, and does not end one that was sent.
    commandOptions: { timeout: 0 },
    socket: {
      host,
      port,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: pauseMs,
      ...(socketTimeoutMs === 0 ? {} : { socketTimeout: socketTimeoutMs }),
    },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  });
}
