import type { SeekPosition, SubscriptionSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { notFound, toPubSubError } from "../errors.ts";
import { subscriptionNames } from "../names.ts";
import { SEEK } from "../scripts/seek.ts";
import { groupSetting } from "./declared-settings.ts";

/** Puts a subscription to another position: one script. */
export async function seekSubscription(
  connection: Connection,
  spec: SubscriptionSpec,
  to: SeekPosition,
): Promise<void> {
  const { stream, meta, again, due, held, busy, parked, group } = subscriptionNames(connection.options.prefix, spec);
  const keys = [stream, meta, again, due, held, busy, parked];
  let done: unknown;
  try {
    done = await connection.script(SEEK, keys, [group, groupSetting(spec), String(to)]);
  } catch (error) {
    throw toPubSubError(error, `seek group ${group} of stream ${stream}`);
  }
  if (done === null) throw notFound(`group ${group} of stream ${stream}`);
}
