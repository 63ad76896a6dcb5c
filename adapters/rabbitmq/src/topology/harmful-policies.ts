import type { SubscriptionSpec, TopologyChange } from "@anytopic/core/driver";
import { allWaitQueueNames, type QueueNames } from "../names.ts";
import type { EffectivePolicy } from "./policies.ts";
import { deliveryLimit } from "./queue-arguments.ts";

/**
 * Settings that a policy can change although our queues have arguments: the smaller value counts, or no argument exists
 * that could prevent it. `overflow` and `dead-letter-*` are left out: there the queue's argument counts.
 * https://www.rabbitmq.com/docs/parameters#policies (read 2026-11-26)
 */
type Harm = Readonly<Record<string, { readonly harm: string; readonly fromValue?: number }>>;

const LETTERS: Harm = {
  "message-ttl": { harm: "deletes dead letters" },
  expires: { harm: "deletes the queue with its dead letters when nobody has read it for that time" },
  "max-length": { harm: "refuses dead letters, whose messages are then handled again and again" },
  "max-length-bytes": { harm: "refuses dead letters, whose messages are then handled again and again" },
  "delivery-limit": { harm: "deletes dead letters that were peeked at that often" },
};

const WAITING: Harm = {
  "message-ttl": { harm: "lets retries come too early" },
  expires: { harm: "deletes the queue with the retries that wait in it" },
  "max-length": { harm: "refuses retries, which then wait in the memory of workers" },
  "max-length-bytes": { harm: "refuses retries, which then wait in the memory of workers" },
};

const messages = ({ topic, maxRetries }: SubscriptionSpec): Harm => ({
  "message-ttl": { harm: "makes messages dead letters before their retention is over", fromValue: topic.retentionMs },
  expires: { harm: "deletes the queue with its messages when no worker has used it for that time" },
  "max-length": { harm: "refuses publishes" },
  "max-length-bytes": { harm: "refuses publishes" },
  "delivery-limit": {
    harm: "makes messages dead letters before their last retry",
    fromValue: deliveryLimit(maxRetries),
  },
});

/** The settings of policies that would lose or delay a subscription's messages, retries or dead letters. */
export function harmfulPolicies(
  subscription: SubscriptionSpec,
  names: QueueNames,
  policies: ReadonlyMap<string, EffectivePolicy>,
): TopologyChange[] {
  const queues: [string, Harm][] = [
    [names.queue, messages(subscription)],
    [names.deadLetters, LETTERS],
    ...allWaitQueueNames(names).map((name): [string, Harm] => [name, WAITING]),
  ];
  return queues.flatMap(([name, harms]) => {
    const policy = policies.get(name);
    if (policy === undefined) return [];
    return Object.entries(harms).flatMap(([setting, { harm, fromValue = Infinity }]): TopologyChange[] => {
      const value = policy.settings[setting];
      if (typeof value !== "number" || value >= fromValue) return [];
      const detail = `${policy.by} sets ${setting} ${value}, which ${harm}: exclude this queue from it`;
      return [{ action: "replace", resource: `queue ${name}`, detail }];
    });
  });
}
