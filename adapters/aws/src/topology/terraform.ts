import type { SubscriptionSpec, Topology } from "@anytopic/core/driver";
import {
  deadLetterQueueAttributes,
  ownershipTags,
  queueAttributes,
  queueRedrivePolicy,
  type ResourceAttributes,
  subscriptionAttributes,
  topicAttributes,
} from "./declared-attributes.ts";
import type { CheckedOptions } from "../options.ts";
import { deliveryPolicy } from "./queue-policy.ts";
import { deadLetterQueueName, queueName, snsTopicName } from "../names.ts";

/** For each attribute of AWS: its name and type in Terraform's AWS provider (5 and later). */
const ARGUMENTS: Readonly<Record<string, readonly [argument: string, type: "text" | "number" | "boolean"]>> = {
  FifoTopic: ["fifo_topic", "boolean"],
  FifoThroughputScope: ["fifo_throughput_scope", "text"],
  FifoQueue: ["fifo_queue", "boolean"],
  DeduplicationScope: ["deduplication_scope", "text"],
  FifoThroughputLimit: ["fifo_throughput_limit", "text"],
  VisibilityTimeout: ["visibility_timeout_seconds", "number"],
  MessageRetentionPeriod: ["message_retention_seconds", "number"],
  RawMessageDelivery: ["raw_message_delivery", "boolean"],
  RedrivePolicy: ["redrive_policy", "text"],
  FilterPolicy: ["filter_policy", "text"],
};

type Resources = Record<string, Record<string, Readonly<Record<string, unknown>>>>;

/** The resources that provisioning creates, with the same names and attributes. ARNs are references of Terraform. */
export function terraformDocument(topology: Topology, options: CheckedOptions): Readonly<Record<string, unknown>> {
  const resource: Resources = {};
  const add: Add = (type, label, values) => {
    resource[type] = { ...resource[type], [label]: values };
  };
  const topics = new Map(topology.topics.map((topic) => [topic.name, topic]));
  for (const { topic } of topology.subscriptions) topics.set(topic.name, topic);
  for (const topic of topics.values()) {
    const name = snsTopicName(options.prefix, topic);
    add("aws_sns_topic", topic.name, { name, ...argumentsOf(topicAttributes(topic)), tags: ownershipTags(topic.name) });
  }
  for (const subscription of topology.subscriptions) addSubscription(subscription, options, add);
  return {
    terraform: { required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.0" } } },
    ...(options.region === undefined ? undefined : { provider: { aws: { region: options.region } } }),
    resource,
  };
}

type Add = (type: string, label: string, values: Readonly<Record<string, unknown>>) => void;

function addSubscription(subscription: SubscriptionSpec, options: CheckedOptions, add: Add): void {
  const { topic, name } = subscription;
  // Labels may have "_" and names may not, so each pair of topic and subscription has its own label.
  const label = `${topic.name}_${name}`;
  const lettersLabel = `${label}_dlq`;
  const tags = ownershipTags(topic.name, name);
  const topicArn = reference("aws_sns_topic", topic.name);
  const queueArn = reference("aws_sqs_queue", label);
  const lettersArn = reference("aws_sqs_queue", lettersLabel);
  add("aws_sqs_queue", lettersLabel, {
    name: deadLetterQueueName(options.prefix, subscription),
    ...argumentsOf(deadLetterQueueAttributes(subscription)),
    tags,
  });
  const redrivePolicy = queueRedrivePolicy(subscription, lettersArn);
  add("aws_sqs_queue", label, {
    name: queueName(options.prefix, subscription),
    ...argumentsOf(queueAttributes(subscription)),
    ...(redrivePolicy === undefined ? undefined : { redrive_policy: redrivePolicy }),
    tags,
  });
  for (const [policyLabel, arn] of [
    [label, queueArn],
    [lettersLabel, lettersArn],
  ] as const) {
    const url = reference("aws_sqs_queue", policyLabel, "url");
    add("aws_sqs_queue_policy", policyLabel, { queue_url: url, policy: deliveryPolicy(topicArn, arn) });
  }
  add("aws_sns_topic_subscription", label, {
    topic_arn: topicArn,
    protocol: "sqs",
    endpoint: queueArn,
    ...argumentsOf(subscriptionAttributes(subscription, lettersArn)),
    // Until the queue's policy allows the topic to send, published messages would be lost.
    depends_on: [`aws_sqs_queue_policy.${label}`, `aws_sqs_queue_policy.${lettersLabel}`],
  });
}

function reference(type: string, label: string, attribute = "arn"): string {
  return `\${${type}.${label}.${attribute}}`;
}

/** @throws Error when provisioning sets an attribute that the table of arguments does not have */
function argumentsOf(attributes: ResourceAttributes): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([attribute, value]) => {
      const found = ARGUMENTS[attribute];
      if (found === undefined) throw new Error(`aws: no Terraform argument is known for ${attribute}`);
      const [argument, type] = found;
      return [argument, type === "text" ? value : type === "number" ? Number(value) : value === "true"];
    }),
  );
}
