import { PubSubError, type Topology } from "@anytopic/core/driver";
import type { CheckedOptions } from "../options.ts";
import { type Resource, resourcesOf, type SubscriptionResource } from "./resources.ts";

type Values = Readonly<Record<string, unknown>>;

/** What provisioning creates, for Terraform's Google provider (5 and later). If the URL names no project, it is a variable. */
export function terraformDocument(topology: Topology, options: CheckedOptions): Values {
  const project = options.projectId ?? "${var.project}";
  const resources = resourcesOf({ options, projectId: project, emulator: false }, topology);
  requireOwnLabels(resources);
  const topics = resources.filter(({ kind }) => kind === "topic");
  const subscriptions = resources.filter((resource) => resource.kind === "subscription");
  const labels = new Map(topics.map(({ name, id }) => [name, labelOf(id)]));
  const subscriptionEntries = subscriptions.map((one) => [labelOf(one.id), subscriptionValues(one, project, labels)]);
  return {
    terraform: { required_providers: { google: { source: "hashicorp/google", version: ">= 5.0" } } },
    ...(options.projectId === undefined ? { variable: { project: { type: "string" } } } : undefined),
    resource: {
      google_pubsub_topic: Object.fromEntries(topics.map(({ id }) => [labelOf(id), { name: id, project }])),
      ...(subscriptions.length === 0
        ? undefined
        : { google_pubsub_subscription: Object.fromEntries(subscriptionEntries) as Values }),
    },
  };
}

function subscriptionValues(
  { id, declared }: SubscriptionResource,
  project: string,
  labels: ReadonlyMap<string, string>,
): Values {
  const { deadLetterPolicy } = declared;
  const topicOf = (name: string): string => {
    const label = labels.get(name);
    return label === undefined ? name : `\${google_pubsub_topic.${label}.id}`;
  };
  const policy = deadLetterPolicy && {
    dead_letter_topic: topicOf(deadLetterPolicy.deadLetterTopic),
    max_delivery_attempts: deadLetterPolicy.maxDeliveryAttempts,
  };
  return {
    name: id,
    project,
    topic: topicOf(declared.topic),
    ack_deadline_seconds: declared.ackDeadlineSeconds,
    message_retention_duration: `${declared.messageRetentionDuration.seconds}s`,
    // An empty time to live: it never expires.
    expiration_policy: { ttl: "" },
    ...(declared.retainAckedMessages && { retain_acked_messages: true }),
    enable_message_ordering: declared.enableMessageOrdering,
    enable_exactly_once_delivery: declared.enableExactlyOnceDelivery,
    ...(declared.filter !== undefined && { filter: declared.filter }),
    ...(policy && { dead_letter_policy: policy }),
  };
}

function requireOwnLabels(resources: readonly Resource[]): void {
  const owners = new Map<string, string>();
  for (const { kind, id } of resources) {
    const key = `${kind} ${labelOf(id)}`;
    const owner = owners.get(key) ?? id;
    owners.set(key, owner);
    if (owner === id) continue;
    const advice = "would have the same label in Terraform: configure another name for one";
    throw new PubSubError("INVALID_CONFIG", `${kind} "${owner}" and ${kind} "${id}" ${advice}`);
  }
}

/** Labels are letters, digits, "-" and "_". Declared names have no "_", so only configured names can have the same label. */
function labelOf(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9-]/g, "_");
}
