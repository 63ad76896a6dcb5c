import { get } from "node:http";
import { text } from "node:stream/consumers";
import { PROBE_MS } from "./probe.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One GET on its own connection; `undefined` when no HTTP answer arrives in time. */
export function httpGet(host: string, port: number, path: string): Promise<HttpAnswer | undefined> {
  return new Promise((resolve) => {
    // Not fetch: its pool would keep a connection to a server that is about to be killed.
    const request = get({ host, port, path, agent: false, timeout: PROBE_MS });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
    request.on("close", () => resolve(undefined));
    request.on("response", (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, body }),
        () => resolve(undefined),
      );
    });
  });
}
