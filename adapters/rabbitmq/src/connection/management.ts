import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";
import { request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ManagementAddress } from "../connection/address.ts";

/** One entry of a list. */
export type ListedEntry = Readonly<Record<string, unknown>>;

const CODES: Partial<Record<number, PubSubErrorCode>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
};
const TIMEOUT_MS = 10_000;
/** A virtual host with 10,000 queues takes about 2 MB. */
const MAX_ANSWER_BYTES: number = 64 * 1024 * 1024;

/** The list that the management API has at this path; `undefined` when it knows nothing there. */
export async function askManagement(
  { origin, credentials }: ManagementAddress,
  tls: TlsOptions | undefined,
  path: string,
  signal?: AbortSignal,
): Promise<readonly ListedEntry[] | undefined> {
  return entriesOf(await send(origin + path, { ...tls, headers: login(credentials), ...(signal && { signal }) }));
}

/** Deletes what is at this path, if there is something. */
export async function deleteByManagement(
  { origin, credentials }: ManagementAddress,
  tls: TlsOptions | undefined,
  path: string,
): Promise<void> {
  await send(origin + path, { ...tls, method: "DELETE", headers: login(credentials) });
}

function login(credentials: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
}

function entriesOf(text: string | undefined): readonly ListedEntry[] | undefined {
  if (text === undefined) return undefined;
  try {
    const answer: unknown = JSON.parse(text);
    if (Array.isArray(answer)) return answer as readonly ListedEntry[];
  } catch {
    // The error follows below.
  }
  throw new PubSubError("INVALID_CONFIG", "rabbitmq: the server at managementUrl is not a management API of RabbitMQ");
}

/** The answer's text; `undefined` when nothing is there. */
function send(url: string, options: RequestOptions & TlsOptions): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const failed = (cause: Error): void => {
    const message = `rabbitmq: the management API does not answer: ${cause.message}`;
    if (options.signal?.aborted === true) reject(options.signal.reason as Error);
    else reject(new PubSubError("UNAVAILABLE", message, { cause }));
  };
  const start = url.startsWith("https:") ? requestHttps : requestHttp;
  const request = start(url, { ...options, timeout: TIMEOUT_MS, agent: false }, (answer) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    answer.on("error", failed);
    answer.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes > MAX_ANSWER_BYTES) request.destroy(new Error(`more than ${MAX_ANSWER_BYTES} bytes`));
    });
    answer.on("end", () => {
      const { statusCode: status = 0 } = answer;
      if (status === 200 || status === 204) resolve(Buffer.concat(chunks).toString());
      else if (status === 404) resolve(undefined);
      else
        reject(
          new PubSubError(CODES[status] ?? "UNAVAILABLE", `rabbitmq: the management API answers with status ${status}`),
        );
    });
  });
  request.on("timeout", () => request.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
  request.on("error", failed);
  request.end();
  return promise;
}
