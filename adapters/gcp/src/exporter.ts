import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter, TopicSpec } from "@anytopic/core/driver";
import { mayMoveOn } from "./retry/move-on.ts";
import type { CheckedOptions } from "./options.ts";
import { subscriptionIds, topicId } from "./names.ts";
import { terraformDocument } from "./topology/terraform.ts";

/** Exports what a topology needs, without contacting Google Cloud. */
export function exporterOf(options: CheckedOptions): TopologyExporter {
  return Object.freeze({
    terraform: (topology: Topology) => terraformDocument(topology, options),
    policies: ({ topics, subscriptions }: Topology) => [
      ...topics.map((topic) => publisherPolicy(topic, options)),
      ...subscriptions.flatMap((subscription) => subscriptionPolicies(subscription, options)),
    ],
  });
}

/** A role on one resource, not on the whole project: `gcloud pubsub topics add-iam-policy-binding <topic> --role=… --member=…`. */
interface Binding {
  readonly resource: string;
  readonly role: string;
}

function publisherPolicy(topic: TopicSpec, { prefix, projectId }: CheckedOptions): ExportedPolicy {
  const name = nameOf(projectId, "topics", topicId(prefix, topic));
  return { role: "publisher", of: topic.name, document: { bindings: [binding(name, "publisher")] } };
}

/** https://cloud.google.com/pubsub/docs/access-control#roles (2026-11-22). roles/pubsub.viewer is needed to check that it exists. */
function subscriptionPolicies(
  subscription: SubscriptionSpec,
  { prefix, projectId }: CheckedOptions,
): readonly ExportedPolicy[] {
  const ids = subscriptionIds(prefix, subscription);
  const of = `${subscription.topic.name}/${subscription.name}`;
  const own = nameOf(projectId, "subscriptions", ids.subscription);
  const redrive = nameOf(projectId, "subscriptions", ids.redrive);
  const redriveTopic = nameOf(projectId, "topics", ids.redrive);
  const letters = nameOf(projectId, "subscriptions", ids.deadLetters);
  const lettersTopic = nameOf(projectId, "topics", ids.deadLetters);
  const subscriber: Binding[] = [
    ...[own, redrive].flatMap((name) => [binding(name, "subscriber"), binding(name, "viewer")]),
    // A letter counts as stored only when the worker has seen the subscription.
    binding(lettersTopic, "publisher"),
    binding(letters, "viewer"),
    ...(mayMoveOn(subscription) ? [binding(redriveTopic, "publisher")] : []),
  ];
  const operator: Binding[] = [
    binding(letters, "subscriber"),
    binding(letters, "viewer"),
    // Letters of a large queue that a filter does not match are moved to its end.
    binding(lettersTopic, "publisher"),
    binding(redriveTopic, "publisher"),
    binding(redrive, "viewer"),
    // To seek is to consume.
    ...(subscription.topic.replay ? [own, redrive].map((name) => binding(name, "subscriber")) : []),
  ];
  return [
    { role: "subscriber", of, document: { bindings: subscriber } },
    { role: "operator", of, document: { bindings: operator } },
  ];
}

function binding(resource: string, role: "publisher" | "subscriber" | "viewer"): Binding {
  return { resource, role: `roles/pubsub.${role}` };
}

function nameOf(projectId = "PROJECT", kind: "topics" | "subscriptions", id: string): string {
  return `projects/${projectId}/${kind}/${id}`;
}
