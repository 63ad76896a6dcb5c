import type { ConfigLoad } from "@anytopic/core/config";
import type { ProbedConnection } from "./probe-connections.ts";

/** What `plan` cannot see on a connection, and how to check it manually; undefined when it sees everything. */
export function blindSpot({ config }: ConfigLoad, { name, adapter }: ProbedConnection): string | undefined {
  const connection = config.connections[name];
  if (adapter !== "rabbitmq" || connection === undefined) return undefined;
  const { url, options } = connection;
  const { managementUrl } = (options ?? {}) as { readonly managementUrl?: unknown };
  if (managementUrl !== undefined || /[?&]management_url=/.test(url)) return undefined;
  return (
    "policies cannot be seen without managementUrl: message-ttl, expires, max-length and delivery-limit of a policy or operator policy " +
    "can delete messages, retries and dead letters. Set it, or look with: " +
    "rabbitmqctl list_policies, rabbitmqctl list_operator_policies (with -p for another virtual host)"
  );
}
