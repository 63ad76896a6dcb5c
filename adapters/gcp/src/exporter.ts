import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter, TopicSpec } from "@anytopic/core/driver";
import { mayMoveOn } from "./retry/move-on.ts";
import type { CheckedOptions } from "./options.ts";
import { subscriptionIds, topicId } from "./names.ts";
import { terraformDocument } from "./topology/terraform.ts";

/** Writes about a topology without contacting Google Cloud. */
export function exporterOf(options: CheckedOptions): TopologyExporter {
  return Object.freeze({
    terraform: (topology: Topology) => terraformDocument(topology, options),
    policies: ({ topics, subscriptions }: Topology) => [
      ...topics.map((topic) => publisherPolicy(topic, options)),
      ...subscriptions.flatMap((subscription) => subscriptionPolicies(subscription, options)),
    ],
  });
}

/** A role on one resource, not on the project: `gcloud pubsub topics add-iam-policy-binding <topic> --role=… --member=…`. */
interface Binding {
  readonly resource: string;
  readonly role: string;
}

function publisherPolicy(topic: TopicSpec, options: CheckedOptions): ExportedPolicy {
  const name = topicName(topicId(options.prefix, topic), options);
  return { role: "publisher", of: topic.name, document: { bindings: [binding(name, "publisher")] } };
}

/** https://cloud.google.com/pubsub/docs/access-control#roles (2026-11-22). roles/pubsub.viewer is for asking whether it exists. */
function subscriptionPolicies(subscription: SubscriptionSpec, options: CheckedOptions): readonly ExportedPolicy[] {
  const ids = subscriptionIds(options.prefix, subscription);
  const of = `${subscription.topic.name}/${subscription.name}`;
  const worked = [ids.subscription, ids.redrive].map((id) => subscriptionName(id, options));
  const lettersTopic = topicName(ids.deadLetters, options);
  const letters = subscriptionName(ids.deadLetters, options);
  const redriven = topicName(ids.redrive, options);
  return [
    {
      role: "subscriber",
      of,
      document: {
        bindings: [
          ...worked.flatMap((name) => [binding(name, "subscriber"), binding(name, "viewer")]),
          // What it publishes there counts as stored only when it has seen the subscription.
          binding(lettersTopic, "publisher"),
          binding(letters, "viewer"),
          ...(mayMoveOn(subscription) ? [binding(redriven, "publisher")] : []),
        ],
      },
    },
    {
      role: "operator",
      of,
      document: {
        bindings: [
          binding(letters, "subscriber"),
          binding(letters, "viewer"),
          // What a filter leaves of a large queue is moved to its end.
          binding(lettersTopic, "publisher"),
          binding(redriven, "publisher"),
          binding(subscriptionName(ids.redrive, options), "viewer"),
        ],
      },
    },
  ];
}

function binding(resource: string, role: "publisher" | "subscriber" | "viewer"): Binding {
  return { resource, role: `roles/pubsub.${role}` };
}

function topicName(id: string, { projectId = "PROJECT" }: CheckedOptions): string {
  return `projects/${projectId}/topics/${id}`;
}

function subscriptionName(id: string, { projectId = "PROJECT" }: CheckedOptions): string {
  return `projects/${projectId}/subscriptions/${id}`;
}
