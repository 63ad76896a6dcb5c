import type { SubscriptionSpec, TopologyChange } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import {
  deadLetterQueueAttributes,
  ownershipTags,
  queueAttributes,
  queueRedrivePolicy,
  type ResourceAttributes,
} from "./declared-attributes.ts";
import { answerIfFound, answerTo } from "../errors.ts";
import { deadLetterQueueName, queueName } from "../names.ts";
import { readJson } from "../wire/json-text.ts";
import { allowsDelivery, deliveryPolicy } from "./queue-policy.ts";
import { createQueue, deleteQueue, type ExistingQueue, findQueue, readQueue } from "./queues.ts";
import { findLinks, provisionLink } from "./topic-queue-link.ts";
import { findTopicArn, type ProvisioningMode } from "./topics.ts";

/** Dead-letter queue, queue, and the link from topic to queue. Each needs the one before it. */
export async function provisionSubscription(
  connection: Connection,
  subscription: SubscriptionSpec,
  topicArn: string | undefined,
  mode: ProvisioningMode,
): Promise<readonly TopologyChange[]> {
  const { sqs, sqsApi, options } = connection;
  const name = queueName(options.prefix, subscription);
  const lettersName = deadLetterQueueName(options.prefix, subscription);
  const tags = ownershipTags(subscription.topic.name, subscription.name);
  const changes: TopologyChange[] = [];

  const provisionQueue = async (
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
      // With the policy at once: SQS could refuse SNS for up to a minute after a later change.
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
    if (mode.update) {
      const input = { QueueUrl: existing.url, Attributes: Object.fromEntries(different) };
      await answerTo(`set attributes of queue ${name}`, sqs.send(new sqsApi.SetQueueAttributesCommand(input)));
    }
    return existing;
  };

  const policy = (queueArn: string, existing: ResourceAttributes): ResourceAttributes =>
    topicArn === undefined ? {} : { Policy: deliveryPolicy(topicArn, queueArn, existing["Policy"]) };
  const letters = await provisionQueue(lettersName, deadLetterQueueAttributes(subscription), policy);
  const queue = await provisionQueue(name, queueAttributes(subscription), (queueArn, existing) => ({
    ...policy(queueArn, existing),
    ...(letters === undefined ? undefined : { RedrivePolicy: queueRedrivePolicy(subscription, letters.arn) ?? "" }),
  }));
  return [...changes, ...(await provisionLink(connection, subscription, { topicArn, queue, letters }, mode))];
}

export async function destroySubscription(connection: Connection, subscription: SubscriptionSpec): Promise<string[]> {
  const { sns, snsApi, options } = connection;
  const destroyed: string[] = [];
  const name = queueName(options.prefix, subscription);
  const queue = await readQueue(connection, name);
  const topicArn = await findTopicArn(connection, subscription.topic);
  if (queue !== undefined && topicArn !== undefined) {
    for (const arn of await findLinks(connection, topicArn, queue.arn)) {
      const unsubscribed = sns.send(new snsApi.UnsubscribeCommand({ SubscriptionArn: arn }));
      await answerIfFound(`unsubscribe ${arn}`, unsubscribed);
      destroyed.push(`subscription ${name}`);
    }
  }
  for (const each of [name, deadLetterQueueName(options.prefix, subscription)]) {
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

/** An empty value removes an attribute: it is only allowed for a queue that exists. */
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

/** The same text for the same policy: the order of fields and the type of the count vary. */
function redriveOf(text: string | undefined): string {
  if (text === undefined || text === "") return "none";
  const policy = readJson(text);
  if (typeof policy !== "object" || policy === null) return text;
  const { deadLetterTargetArn, maxReceiveCount } = policy as Readonly<Record<string, unknown>>;
  return `${String(maxReceiveCount)} receives to ${String(deadLetterTargetArn).split(":").at(-1)}`;
}
