import type { IncomingMessage, ServerResponse } from "node:http";
import { CONTENT_TYPE } from "../exposition/exposition.ts";

const PLAIN = "text/plain; charset=utf-8";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Text = () => Promise<string>;

/** A handler for servers and frameworks that speak fetch. */
export function fetchHandler(text: Text): (request: Request) => Promise<Response> {
  return async ({ method, url }) => {
    const { status, headers, body } = await answer(method, new URL(url).pathname, text);
    return new Response(method === "HEAD" ? null : body, { status, headers });
  };
}

/** A listener for `node:http`. */
export function nodeListener(text: Text): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method = "GET", url = "/" }, response) => {
    const path = url.split("?", 1)[0] ?? "";
    void answer(method, path, text).then((answered) => write(response, answered, method));
  };
}

function write(response: ServerResponse, { status, headers, body }: Answer, method: string): ServerResponse {
  response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
  return response.end(method === "HEAD" ? undefined : body);
}

/** Never rejects. Other paths are not found: a probe of health that is sent here by mistake must not pass. */
async function answer(method: string, path: string, text: Text): Promise<Answer> {
  if (!/\/metrics\/?$/.test(path)) return plain(404, "not found: metrics are at /metrics\n");
  if (method !== "GET" && method !== "HEAD") {
    return plain(405, `${method} is not allowed: use GET\n`, { allow: "GET, HEAD" });
  }
  try {
    return { status: 200, headers: { "content-type": CONTENT_TYPE }, body: await text() };
  } catch {
    return plain(500, "the metrics could not be read\n");
  }
}

function plain(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...headers, "content-type": PLAIN }, body };
}
