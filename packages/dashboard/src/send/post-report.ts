import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

export interface Post {
  readonly url: URL;
  readonly token: string;
  readonly body: string;
  readonly timeoutMs: number;
  /** Whether the process must not end before the answer. */
  readonly keepsAlive: boolean;
}

/** The status of the answer; `undefined` when there was none. Never rejects. By `node:http`, whose sockets can let the process end. */
export async function postReport({ url, token, body, timeoutMs, keepsAlive }: Post): Promise<number | undefined> {
  return await new Promise((resolve) => {
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      },
      // No connection outlives its report.
      agent: false,
    });
    const timer = setTimeout(() => request.destroy(), timeoutMs);
    const done = (status?: number): void => {
      clearTimeout(timer);
      resolve(status);
    };
    if (!keepsAlive) {
      timer.unref();
      request.on("socket", (socket) => socket.unref());
    }
    request.on("error", () => done());
    request.on("close", () => done());
    request.on("response", (response) => {
      response.resume();
      response.on("end", () => done(response.statusCode));
      response.on("error", () => done());
    });
    request.end(body);
  });
}
