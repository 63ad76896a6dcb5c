import type { IncomingMessage, ServerResponse } from "node:http";
import { requestFrom } from "./request-from.ts";
import { sendResponse } from "./send-response.ts";

/** How a fetch handler is served by Node. */
export interface NodeHandlerOptions {
  /**
   * Whether a proxy in front is believed: `X-Forwarded-Host` and `X-Forwarded-Proto`, of which the last value counts, that of the nearest proxy.
   * Only where nobody else can reach this server, and the proxy sets both. @default false: the header `Host`, and whether the socket has TLS
   */
  readonly trustProxy?: boolean | undefined;
}

/** For `http.createServer`, and for Express and others with `next`, which gets what the handler throws. */
export type NodeHandler = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  next?: (error: unknown) => void,
) => void;

/**
 * Makes a fetch handler a handler of `node:http`. Bodies are streamed both ways, as fast as the reader reads. The request's signal aborts when the visitor
 * disconnects. A body that a framework has read and parsed already (Express: `request.body`) is used as it is.
 */
export function nodeHandler(
  handle: (request: Request) => Response | Promise<Response>,
  { trustProxy = false }: NodeHandlerOptions = {},
): NodeHandler {
  return (incoming, outgoing, next) => {
    const gone = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) gone.abort(new Error("the visitor has disconnected"));
    });
    const answer = async (): Promise<void> => {
      try {
        const request = requestFrom(incoming, trustProxy, gone.signal);
        const response = request instanceof Response ? request : await handle(request);
        await sendResponse(response, incoming.method === "HEAD", outgoing);
      } catch (error) {
        // Who is gone needs no answer, and what has begun cannot become another one.
        if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
        else if (next !== undefined) next(error);
        else outgoing.writeHead(500).end();
      }
    };
    void answer();
  };
}
