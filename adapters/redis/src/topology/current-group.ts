import type { SubscriptionSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { toPubSubError } from "../errors.ts";
import { subscriptionNames, type SubscriptionNames } from "../names.ts";
import { groupIn, groupSetting } from "./declared-settings.ts";

/** The keys of a subscription, and the group that it has now. A subscription that was put to another position has another group. */
export async function currentNames(connection: Connection, spec: SubscriptionSpec): Promise<SubscriptionNames> {
  const names = subscriptionNames(connection.options.prefix, spec);
  if (!spec.topic.replay) return names;
  const field = groupSetting(spec);
  try {
    const found = (await connection.send(["HGET", names.meta, field])) as Buffer | null;
    const settings = new Map(found === null ? [] : [[field, found.toString()] as const]);
    return { ...names, group: groupIn(settings, spec) };
  } catch (error) {
    throw toPubSubError(error, `look for the group of subscription ${spec.topic.name}/${spec.name}`);
  }
}
