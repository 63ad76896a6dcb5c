import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";
import { request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ManagementAddress } from "../connection/address.ts";

/** The settings that policies make for one queue. Settings that a queue argument overrides are left out. */
export interface EffectivePolicy {
  /** Which policies: `policy "p"`, `operator policy "o"`, or both. */
  readonly by: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** For `doctor`, without the management API. */
export const POLICIES_UNSEEN: string =
  "policies cannot be seen without managementUrl: message-ttl, expires, max-length and delivery-limit of a policy or operator policy " +
  "can delete messages, retries and dead letters. Set it, or look with: " +
  "rabbitmqctl list_policies, rabbitmqctl list_operator_policies (with -p for another virtual host)";

const CODES: Partial<Record<number, PubSubErrorCode>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
};
const TIMEOUT_MS = 10_000;
/** A virtual host with 10,000 queues takes about 2 MB. */
const MAX_ANSWER_BYTES: number = 64 * 1024 * 1024;

/** Asks the management API for the policies of all queues of the virtual host. https://www.rabbitmq.com/docs/policies (2026-11-26) */
export async function readPolicies(
  { origin, vhost, credentials }: ManagementAddress,
  tls: TlsOptions | undefined,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, EffectivePolicy>> {
  const columns = "name,policy,operator_policy,effective_policy_definition";
  const url = `${origin}/api/queues/${encodeURIComponent(vhost)}?columns=${columns}`;
  const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  const policies = new Map<string, EffectivePolicy>();
  for (const queue of queuesOf(await get(url, { ...tls, headers: { authorization }, ...(signal && { signal }) }))) {
    const { name, policy, operator_policy: operator, effective_policy_definition: settings } = queue;
    const by = Object.entries({ policy, "operator policy": operator }).flatMap(([kind, one]) =>
      typeof one === "string" && one !== "" ? [`${kind} ${JSON.stringify(one)}`] : [],
    );
    if (typeof name !== "string" || by.length === 0 || typeof settings !== "object" || settings === null) continue;
    policies.set(name, { by: by.join(" and "), settings: settings as Readonly<Record<string, unknown>> });
  }
  return policies;
}

function queuesOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const answer: unknown = JSON.parse(text);
    if (Array.isArray(answer)) return answer as readonly Readonly<Record<string, unknown>>[];
  } catch {
    // The error follows below.
  }
  throw new PubSubError("INVALID_CONFIG", "rabbitmq: the server at managementUrl is not a management API of RabbitMQ");
}

function get(url: string, options: RequestOptions & TlsOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
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
      if (status === 200) resolve(Buffer.concat(chunks).toString());
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
