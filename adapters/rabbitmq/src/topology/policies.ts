import { PubSubError } from "@anytopic/core/driver";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { ManagementAddress } from "../connection/address.ts";
import { askManagement } from "../connection/management.ts";

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

/** Asks the management API for the policies of all queues of the virtual host. https://www.rabbitmq.com/docs/policies (2026-11-26) */
export async function readPolicies(
  api: ManagementAddress,
  tls: TlsOptions | undefined,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, EffectivePolicy>> {
  const columns = "name,policy,operator_policy,effective_policy_definition";
  const policies = new Map<string, EffectivePolicy>();
  const path = `/api/queues/${encodeURIComponent(api.vhost)}?columns=${columns}`;
  const queues = await askManagement(api, tls, path, signal);
  if (queues === undefined) throw new PubSubError("NOT_FOUND", "rabbitmq: the management API answers with status 404");
  for (const queue of queues) {
    const { name, policy, operator_policy: operator, effective_policy_definition: settings } = queue;
    const by = Object.entries({ policy, "operator policy": operator }).flatMap(([kind, one]) =>
      typeof one === "string" && one !== "" ? [`${kind} ${JSON.stringify(one)}`] : [],
    );
    if (typeof name !== "string" || by.length === 0 || typeof settings !== "object" || settings === null) continue;
    policies.set(name, { by: by.join(" and "), settings: settings as Readonly<Record<string, unknown>> });
  }
  return policies;
}
