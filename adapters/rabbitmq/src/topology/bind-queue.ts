import type { TopologyChange } from "@anytopic/core/driver";
import type { Channel } from "amqplib";
import type { Connection } from "../connection.ts";
import { deleteByManagement } from "../connection/management.ts";
import type { DeclaredBindings } from "./declared-bindings.ts";
import { readBindings, type SeenBindings } from "./seen-bindings.ts";

/** In the order that loses nothing: whatever is needed is there before anything is removed. All of it may be done again. */
export async function bindQueue(channel: Channel, { names, bindings }: DeclaredBindings): Promise<void> {
  const { exchange, filter, queue } = names;
  if (bindings === undefined) {
    await channel.bindQueue(queue, exchange, "");
    return;
  }
  for (const binding of bindings) await channel.bindQueue(queue, filter, "", binding);
  await channel.bindExchange(filter, exchange, "");
}

/** What an earlier filter, or none, has left: it lets too much through. Only what the management API shows can be seen, see `BINDINGS_UNSEEN`. */
export async function leftBindings(
  connection: Connection,
  declared: DeclaredBindings,
  signal?: AbortSignal,
): Promise<readonly TopologyChange[]> {
  const { management, tls } = connection.options;
  if (management === undefined) return [];
  const seen = await readBindings(management, tls, declared, signal);
  const details = [
    seen.missing > 0 ? `lacks ${seen.missing} bindings of the declared filter` : "",
    seen.stale.length > 0 ? `has ${seen.stale.length} bindings that the declared filter has not` : "",
    seen.isDirect ? "the queue is also bound to the topic without a filter" : "",
  ].filter((detail) => detail !== "");
  if (details.length === 0) return [];
  return [{ action: "update", resource: `exchange ${declared.names.filter}`, detail: details.join("; ") }];
}

/** Removes what lets too much through, after `bindQueue`. */
export async function unbindLeft(connection: Connection, declared: DeclaredBindings): Promise<void> {
  const { exchange, queue } = declared.names;
  if (declared.bindings === undefined) return;
  await connection.withChannel((channel) => channel.unbindQueue(queue, exchange, ""));
  const { management, tls } = connection.options;
  if (management === undefined) return;
  const { stale }: SeenBindings = await readBindings(management, tls, declared);
  for (const path of stale) await deleteByManagement(management, tls, path);
}
