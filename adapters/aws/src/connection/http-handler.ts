import { PubSubError } from "@anytopic/core/driver";
import type { UndiciHttpHandler } from "@smithy/undici-http-handler";

const CONNECT_TIMEOUT_MS = 5000;
/** A socket that nobody used for this long is closed, before AWS or something on the way forgets it. */
const IDLE_SOCKET_MS = 10_000;

export interface HttpHandlerOptions {
  /** Infinity: as many as there are requests. */
  readonly maxSockets: number;
  /** For an answer to begin, and between its parts. */
  readonly requestTimeoutMs: number;
}

/** As much of a handler as the SDK's clients use. */
type Handler = Pick<UndiciHttpHandler, "handle" | "destroy" | "updateHttpClientConfig" | "httpHandlerConfigs">;

/**
 * What carries the requests of one client: undici, which takes less CPU time for a request than Node's own `http`, the SDK's default. Loaded
 * by whoever asks, so that a program does not pay for it before. Once destroyed it stays so: the SDK's would carry what
 * is retried after that on new sockets.
 */
export async function httpHandler({ maxSockets, requestTimeoutMs }: HttpHandlerOptions): Promise<Handler> {
  const { UndiciHttpHandler: Undici } = await import("@smithy/undici-http-handler");
  const undici = new Undici({
    dispatcher: {
      connections: Number.isFinite(maxSockets) ? maxSockets : null,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
      keepAliveTimeout: IDLE_SOCKET_MS,
      keepAliveMaxTimeout: IDLE_SOCKET_MS,
    },
  });
  let destroyed = false;
  return {
    handle(request, options) {
      if (destroyed) return Promise.reject(new PubSubError("CLOSED", "the connection to SNS and SQS is closed"));
      return undici.handle(request, options);
    },
    destroy(): void {
      destroyed = true;
      undici.destroy();
    },
    updateHttpClientConfig: (key, value) => undici.updateHttpClientConfig(key, value),
    httpHandlerConfigs: () => undici.httpHandlerConfigs(),
  };
}
