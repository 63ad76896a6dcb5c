import type { SubscriptionSpec, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import {
  deadLetterQueueAttributes,
  ownershipTags,
  queueAttributes,
  queueRedrivePolicy,
  type ResourceAttributes,
} from "./declared-attributes.ts";
import type { ProvisioningMode } from "./provisioning-mode.ts";
import { allowsDelivery, deliveryPolicy } from "./queue-policy.ts";
import { findQueue } from "./queue.ts";
import { createQueue, deleteQueue, type ExistingQueue, readQueue, setQueueAttributes } from "./queue-resources.ts";
import { deadLetterQueueName, queueName } from "../names.ts";
import { findSnsSubscriptions, provisionSnsSubscription, unsubscribe } from "./sns-subscription.ts";
import { findTopicArn } from "./topic-arn.ts";

/** Dead-letter queue, queue, and the SNS subscription between topic and queue, in the order in which they need each other. */
export async function provisionSubscription(
  connection: Connection,
  subscription: SubscriptionSpec,
  topicArn: string | undefined,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const { prefix } = connection.options;
  const tags = ownershipTags(subscription.topic.name, subscription.name);
  const changes: TopologyChange[] = [];

  const walk = async (
    name: string,
    declared: ResourceAttributes,
    withArns: (queueArn: string, existing: ResourceAttributes) => ResourceAttributes,
  ): Promise<ExistingQueue | undefined> => {
    mode.signal?.throwIfAborted();
    const resource = `queue ${name}`;
    const existing = await readQueue(connection, name);
    if (existing === undefined) {
      changes.push({ action: "create", resource, detail: "" });
      if (!mode.create || topicArn === undefined) return undefined;
      // With everything at once: a policy that came later would let SNS be refused for up to a minute.
      const attributes = { ...declared, ...withArns(queueArnBeside(topicArn, name), {}) };
      return createQueue(connection, name, withoutEmpty(attributes), tags);
    }
    const wanted = { ...declared, ...withArns(existing.arn, existing.attributes) };
    const different = Object.entries(wanted).filter(([attribute, value]) =>
      differs(existing, attribute, value, topicArn),
    );
    if (different.length === 0) return existing;
    const detail = different.map(([attribute, value]) => describe(existing, attribute, value)).join("; ");
    changes.push({ action: "update", resource, detail });
    if (mode.update) await setQueueAttributes(connection, existing, Object.fromEntries(different));
    return existing;
  };

  const policy = (queueArn: string, existing: ResourceAttributes): ResourceAttributes =>
    topicArn === undefined ? {} : { Policy: deliveryPolicy(topicArn, queueArn, existing["Policy"]) };
  const letters = await walk(
    deadLetterQueueName(prefix, subscription),
    deadLetterQueueAttributes(subscription),
    policy,
  );
  const queue = await walk(queueName(prefix, subscription), queueAttributes(subscription), (queueArn, existing) => ({
    ...policy(queueArn, existing),
    ...(letters === undefined ? undefined : { RedrivePolicy: queueRedrivePolicy(subscription, letters.arn) ?? "" }),
  }));
  const linked = await provisionSnsSubscription(
    connection,
    topicArn,
    queue,
    letters,
    queueName(prefix, subscription),
    mode,
  );
  return [...changes, ...linked];
}

export async function destroySubscription(connection: Connection, subscription: SubscriptionSpec): Promise<string[]> {
  const { prefix } = connection.options;
  const destroyed: string[] = [];
  const name = queueName(prefix, subscription);
  const queue = await readQueue(connection, name);
  const topicArn = await findTopicArn(connection, subscription.topic);
  if (queue !== undefined && topicArn !== undefined) {
    for (const { arn } of await findSnsSubscriptions(connection, topicArn, queue.arn)) {
      await unsubscribe(connection, arn);
      destroyed.push(`subscription ${name}`);
    }
  }
  for (const each of [name, deadLetterQueueName(prefix, subscription)]) {
    const found = await findQueue(connection, each);
    if (found !== undefined && (await deleteQueue(connection, found))) destroyed.push(`queue ${each}`);
  }
  return destroyed;
}

/** The queue of this name in the topic's account and region. */
function queueArnBeside(topicArn: string, name: string): string {
  const [arn, partition, , region, account] = topicArn.split(":");
  return [arn, partition, "sqs", region, account, name].join(":");
}

/** Empty removes an attribute, which is not for a queue that does not exist yet. */
function withoutEmpty(attributes: ResourceAttributes): ResourceAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ""));
}

function differs(existing: ExistingQueue, attribute: string, value: string, topicArn: string | undefined): boolean {
  const current = existing.attributes[attribute];
  if (attribute === "Policy") return topicArn !== undefined && !allowsDelivery(topicArn, existing.arn, current);
  if (attribute === "RedrivePolicy") return redriveOf(current) !== redriveOf(value);
  return (current ?? "") !== value;
}

function describe(existing: ExistingQueue, attribute: string, value: string): string {
  if (attribute === "Policy") return "Policy does not let the topic send, declared is that it does";
  const current = existing.attributes[attribute];
  if (attribute === "RedrivePolicy") return `RedrivePolicy is ${redriveOf(current)}, declared ${redriveOf(value)}`;
  return `${attribute} is ${current ?? "not set"}, declared ${value}`;
}

/** The same text for the same policy: field order and the count's type vary. */
function redriveOf(text: string | undefined): string {
  if (text === undefined || text === "") return "none";
  try {
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as Record<string, unknown>;
    return `${String(maxReceiveCount)} receives to ${String(deadLetterTargetArn).split(":").at(-1)}`;
  } catch {
    return text;
  }
}
