import { PubSubError, type PubSubErrorCode } from "@anytopic/core/driver";
import { request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ManagementAddress } from "../connection/management-address.ts";

/** What policies make of one queue; arguments of the queue that win over a policy are left out. */
export interface EffectivePolicy {
  /** `policy "p"`, `operator policy "o"`, or both. */
  readonly by: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What nobody can tell without the management API. */
export const POLICIES_UNSEEN: string =
  "policies cannot be seen without managementUrl: message-ttl, expires, max-length and delivery-limit of a policy or operator policy " +
  "can delete messages, retries and dead letters. Set it, or look with: " +
  "rabbitmqctl list_policies, rabbitmqctl list_operator_policies (with -p for another virtual host)";

const TIMEOUT_MS = 10_000;
/** A virtual host with 10,000 queues takes about 2 MB. */
const MAX_ANSWER_BYTES: number = 64 * 1024 * 1024;

/** The policies of all queues of the virtual host that have one, by the management API. https://www.rabbitmq.com/docs/policies (2026-11-26) */
export async function readPolicies(
  { origin, vhost, credentials }: ManagementAddress,
  tls: TlsOptions | undefined,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, EffectivePolicy>> {
  const columns = "name,policy,operator_policy,effective_policy_definition";
  const url = `${origin}/api/queues/${encodeURIComponent(vhost)}?columns=${columns}`;
  const policies = new Map<string, EffectivePolicy>();
  const authorization = `Basic ${Buffer.from(credentials).toString("base64")}`;
  for (const queue of queuesOf(await get(url, { ...tls, headers: { authorization }, ...(signal && { signal }) }))) {
    const { name, policy, operator_policy: operator, effective_policy_definition: settings } = queue;
    const by = [named("policy", policy), named("operator policy", operator)].filter((one) => one !== undefined);
    if (typeof name !== "string" || by.length === 0 || typeof settings !== "object" || settings === null) continue;
    policies.set(name, { by: by.join(" and "), settings: settings as Readonly<Record<string, unknown>> });
  }
  return policies;
}

function named(kind: string, name: unknown): string | undefined {
  return typeof name === "string" && name !== "" ? `${kind} ${JSON.stringify(name)}` : undefined;
}

function queuesOf(text: string): readonly Readonly<Record<string, unknown>>[] {
  try {
    const answer: unknown = JSON.parse(text);
    if (Array.isArray(answer)) return answer as readonly Readonly<Record<string, unknown>>[];
  } catch {
    // Told below.
  }
  throw new PubSubError("INVALID_CONFIG", "rabbitmq: what answers at managementUrl is no management API of RabbitMQ");
}

function get(url: string, options: RequestOptions & TlsOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      options.signal?.aborted === true
        ? reject(options.signal.reason as Error)
        : reject(
            new PubSubError("UNAVAILABLE", `rabbitmq: the management API does not answer: ${cause.message}`, { cause }),
          );
    const start = url.startsWith("https:") ? requestHttps : requestHttp;
    const asked = start(url, { ...options, timeout: TIMEOUT_MS, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("error", failed);
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.byteLength;
        if (bytes > MAX_ANSWER_BYTES) asked.destroy(new Error(`more than ${MAX_ANSWER_BYTES} bytes`));
      });
      answer.on("end", () => {
        const { statusCode = 0 } = answer;
        if (statusCode === 200) resolve(Buffer.concat(chunks).toString());
        else
          reject(new PubSubError(codeOf(statusCode), `rabbitmq: the management API answers with status ${statusCode}`));
      });
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
    asked.on("error", failed);
    asked.end();
  });
}

function codeOf(status: number): PubSubErrorCode {
  if (status === 401) return "UNAUTHENTICATED";
  if (status === 403) return "PERMISSION_DENIED";
  if (status === 404) return "NOT_FOUND";
  return "UNAVAILABLE";
}
