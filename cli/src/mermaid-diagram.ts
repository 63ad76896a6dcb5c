import type { AnySubscription, AnyTopic } from "@anytopic/core";
import { shownDuration } from "./duration.ts";
import { mermaidId, mermaidText } from "./mermaid-text.ts";

export const DIRECTIONS = ["LR", "TB", "RL", "BT"] as const;

/** A service, by the names of the topics that it publishes to and of the subscriptions whose messages it handles. */
export interface Service {
  readonly name: string;
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
}

export interface Drawn {
  readonly topics: readonly AnyTopic[];
  readonly subscriptions: readonly AnySubscription[];
  readonly services: readonly Service[];
  readonly direction: string;
  readonly deadLetters: boolean;
}

/** A flowchart in Mermaid's language: services, topics, subscriptions, dead letters. The same declarations give the same text. */
export function mermaidDiagram({ topics, subscriptions, services, direction, deadLetters }: Drawn): string {
  const lines = [
    ...services.map(({ name }) => node(serviceId(name), "([", [name], "])")),
    ...topics.flatMap((topic) => [
      node(topicId(topic), "[[", topicLabel(topic), "]]"),
      ...subscriptions.flatMap((one) => (one.topic.name === topic.name ? subscriptionLines(one, deadLetters) : [])),
    ]),
    ...services.flatMap((service) => [
      ...service.topics.map((topic) => `${serviceId(service.name)} --> ${topicId(topic)}`),
      ...service.subscriptions.map((one) => `${subscriptionId(one)} --> ${serviceId(service.name)}`),
    ]),
  ];
  return [`flowchart ${direction}`, ...lines.map((line) => `  ${line}`)].join("\n");
}

function subscriptionLines(subscription: AnySubscription, deadLetters: boolean): readonly string[] {
  const id = subscriptionId(subscription);
  return [
    node(id, "(", subscriptionLabel(subscription), ")"),
    `${topicId(subscription.topic)} --> ${id}`,
    ...(deadLetters ? letterLines(subscription) : []),
  ];
}

function letterLines(subscription: AnySubscription): readonly string[] {
  const letters = `${subscriptionId(subscription)}_letters`;
  const { maxRetries } = subscription.retryPolicy;
  const when = maxRetries === Number.POSITIVE_INFINITY ? "when rejected" : `after ${attempts(maxRetries + 1)}`;
  return [
    node(letters, "[(", ["dead letters"], ")]"),
    `${subscriptionId(subscription)} -. ${mermaidText(when)} .-> ${letters}`,
  ];
}

function topicLabel(topic: AnyTopic): readonly string[] {
  const { name, deliveryGuarantee, orderingKey, retentionMs, replay } = topic;
  const facts = [
    deliveryGuarantee === "exactly-once" ? "exactly once" : "",
    orderingKey === undefined ? "" : "ordered by key",
    replay ? `replay ${shownDuration(retentionMs)}` : "",
  ].filter((fact) => fact !== "");
  return [name, facts.join(", ")];
}

function subscriptionLabel({ name, retryPolicy, filter }: AnySubscription): readonly string[] {
  const { maxRetries } = retryPolicy;
  const retries =
    maxRetries === Number.POSITIVE_INFINITY ? "retried for ever" : counted(maxRetries, "retry", "retries");
  return [name, filter === undefined ? retries : `filtered, ${retries}`];
}

/** The first line is the name. */
function node(id: string, open: string, lines: readonly string[], close: string): string {
  const text = lines.filter((line) => line !== "").map((line) => mermaidText(line).slice(1, -1));
  return `${id}${open}"${text.join("<br>")}"${close}`;
}

function attempts(count: number): string {
  return counted(count, "attempt", "attempts");
}

function counted(count: number, one: string, more: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : more}`;
}

function topicId({ name }: AnyTopic): string {
  return mermaidId("topic_", name);
}

function subscriptionId({ name, topic }: AnySubscription): string {
  return mermaidId("subscription_", `${topic.name}/${name}`);
}

function serviceId(name: string): string {
  return mermaidId("service_", name);
}
