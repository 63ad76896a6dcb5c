import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Resolves when all is sent, or the visitor is gone: then the body is cancelled. */
export async function sendResponse(response: Response, isHead: boolean, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) if (name !== "set-cookie") outgoing.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader("set-cookie", cookies);
  // The first event of a stream may come late: the browser hears at once that it has begun.
  outgoing.flushHeaders();
  if (response.body === null || isHead) {
    await response.body?.cancel();
    outgoing.end();
    return;
  }
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const cancel = (): void => void reader.cancel().catch(() => {});
  outgoing.once("close", cancel);
  if (outgoing.destroyed) cancel();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (!outgoing.write(part.value) && !outgoing.destroyed) await writable(outgoing);
  }
  outgoing.end();
}

/** Waits until there is room again, or nobody reads any more. */
async function writable(outgoing: ServerResponse): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race(["drain", "close"].map(async (event) => await once(outgoing, event, { signal: ended.signal })));
  } finally {
    ended.abort();
  }
}
