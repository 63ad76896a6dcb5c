import type { SubscriptionSpec, TopicSpec, TopologyChange } from "@anytopic/core/driver";

/** How the keys are laid out and filled. Another number is another layout, which this version cannot read. */
const FORMAT = "1";

/** What of a topic's declaration is kept in Redis, which itself keeps nothing of it, and whether it can be changed in place. */
const TOPIC_SETTINGS = {
  format: "replace",
  ordered: "replace",
  exactlyOnce: "update",
  retentionMs: "update",
  replay: "update",
} as const;

/** The hash `meta` of a topic. */
export type Settings = ReadonlyMap<string, string>;

export function topicSettings({ ordered, exactlyOnce, retentionMs, replay }: TopicSpec): Settings {
  const declared = { format: FORMAT, ordered, exactlyOnce, retentionMs, replay };
  return new Map(Object.entries(declared).map(([name, value]) => [name, String(value)]));
}

/** The name of a subscription's lease among its topic's settings. That it is there also says that the group was created once. */
export function leaseSetting({ physicalName }: Pick<SubscriptionSpec, "physicalName">): string {
  return `${LEASE}${physicalName}`;
}

const LEASE = "ackDeadlineMs:";

/** The name of the setting that says which group a subscription has, once it was put to another position. */
export function groupSetting({ physicalName }: Pick<SubscriptionSpec, "physicalName">): string {
  return `group:${physicalName}`;
}

/** The group of a subscription: that of its name, until it was put to another position. */
export function groupIn(settings: Settings, spec: Pick<SubscriptionSpec, "physicalName">): string {
  return settings.get(groupSetting(spec)) ?? spec.physicalName;
}

/** The subscription whose group this is. No name contains the sign before the number. */
export function subscriptionOfGroup(group: string): string {
  return group.replace(/~\d+$/, "");
}

/** The subscriptions that were created once, by their physical names. */
export function subscriptionsIn(settings: Settings): readonly string[] {
  return [...settings.keys()].filter((name) => name.startsWith(LEASE)).map((name) => name.slice(LEASE.length));
}

export function topicDifferences(resource: string, spec: TopicSpec, settings: Settings): readonly TopologyChange[] {
  const declared = topicSettings(spec);
  // A topic that was created before there was `replay` does not have it.
  const actual: Settings = new Map([["replay", "false"], ...settings]);
  const differing = (Object.keys(TOPIC_SETTINGS) as (keyof typeof TOPIC_SETTINGS)[]).filter(
    (name) => actual.get(name) !== declared.get(name),
  );
  if (differing.length === 0) return [];
  return [
    {
      action: differing.some((name) => TOPIC_SETTINGS[name] === "replace") ? "replace" : "update",
      resource,
      detail: differing.map((name) => difference(name, actual.get(name), declared.get(name))).join("; "),
    },
  ];
}

export function leaseDifference(
  resource: string,
  spec: SubscriptionSpec,
  settings: Settings,
): readonly TopologyChange[] {
  const [actual, declared] = [settings.get(leaseSetting(spec)), String(spec.ackDeadlineMs)];
  if (actual === declared) return [];
  return [{ action: "update", resource, detail: difference("ackDeadlineMs", actual, declared) }];
}

function difference(name: string, actual: string | undefined, declared: string | undefined): string {
  return `${name} is ${actual ?? "unknown"}, declared ${declared}`;
}
