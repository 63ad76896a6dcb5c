import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter, TopicSpec } from "@anytopic/core/driver";
import type { CheckedOptions } from "./options.ts";
import { arnOf, deadLetterQueueName, queueName, snsTopicName } from "./names.ts";
import { terraformDocument } from "./topology/terraform.ts";

/** Writes documents about a topology without contacting AWS. */
export function exporterOf(options: CheckedOptions): TopologyExporter {
  return Object.freeze({
    terraform: (topology: Topology) => terraformDocument(topology, options),
    policies: ({ topics, subscriptions }: Topology) => [
      ...topics.map((topic) => publisherPolicy(topic, options)),
      ...subscriptions.flatMap((subscription) => subscriptionPolicies(subscription, options)),
    ],
  });
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html (2026-11-22): PublishBatch is sns:Publish. */
function publisherPolicy(topic: TopicSpec, options: CheckedOptions): ExportedPolicy {
  const arn = arnOf("sns", options, snsTopicName(options.prefix, topic));
  const statements = [allow("Publish", ["sns:Publish"], arn), ...accountLookup(options)];
  return { role: "publisher", of: topic.name, document: policy(statements) };
}

/** The permission of a single call also allows the batch call. */
function subscriptionPolicies(subscription: SubscriptionSpec, options: CheckedOptions): readonly ExportedPolicy[] {
  const queue = arnOf("sqs", options, queueName(options.prefix, subscription));
  const letters = arnOf("sqs", options, deadLetterQueueName(options.prefix, subscription));
  const of = `${subscription.topic.name}/${subscription.name}`;
  const consume = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"];
  const find = ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"];
  return [
    {
      role: "subscriber",
      of,
      document: policy([
        allow("Consume", [...consume, ...find], queue),
        allow("StoreDeadLetters", ["sqs:SendMessage", ...find], letters),
      ]),
    },
    {
      role: "operator",
      of,
      document: policy([
        // SendMessage: letters that a filter does not select are moved to the end of a large queue.
        allow("HandleDeadLetters", [...consume, "sqs:PurgeQueue", "sqs:SendMessage", ...find], letters),
        allow("Redrive", ["sqs:SendMessage", ...find], queue),
      ]),
    },
  ];
}

/** A publisher needs the topic's ARN. Without the option `account`, the account comes from ListTopics, which IAM allows only for `*`. */
function accountLookup({ account }: CheckedOptions): readonly object[] {
  return account === undefined ? [allow("FindAccount", ["sns:ListTopics"], "*")] : [];
}

function policy(statements: readonly object[]): object {
  return { Version: "2012-10-17", Statement: statements };
}

function allow(id: string, actions: readonly string[], resource: string): object {
  return { Sid: id, Effect: "Allow", Action: actions, Resource: resource };
}
