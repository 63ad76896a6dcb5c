import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter, TopicSpec } from "@anytopic/core/driver";
import { apiPrefix, consumerNames, subscriptionNames, timeProbeName, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";

/** Writes policies for a topology without contacting a server. There is no Terraform: `apply` creates streams and consumers. */
export function exporterOf(options: CheckedOptions): TopologyExporter {
  return Object.freeze({
    policies: ({ topics, subscriptions }: Topology) => [
      ...topics.map((topic) => publisherPolicy(topic, options)),
      ...subscriptions.flatMap((subscription) => subscriptionPolicies(subscription, options)),
    ],
  });
}

function publisherPolicy(topic: TopicSpec, options: CheckedOptions): ExportedPolicy {
  const { stream, subject } = topicNames(options.prefix, topic);
  const publish = [subject, `${apiPrefix(options.domain)}.STREAM.INFO.${stream}`];
  return { role: "publisher", of: topic.name, document: permissions(publish, inboxOf(options, "publisher", stream)) };
}

function subscriptionPolicies(subscription: SubscriptionSpec, options: CheckedOptions): readonly ExportedPolicy[] {
  const names = subscriptionNames(options.prefix, subscription);
  const { stream, consumer, deadLetterStream, deadLetterConsumer, leaderStream } = names;
  const api = apiPrefix(options.domain);
  const of = `${subscription.topic.name}/${subscription.name}`;
  const leadership = [names.leaderSubject, `${api}.STREAM.MSG.GET.${leaderStream}`];
  // A seek gives the subscription another consumer.
  const all = subscription.topic.replay ? consumerNames(names) : [consumer];
  const seek = [
    `${api}.STREAM.INFO.${stream}`,
    ...[...all, timeProbeName(names)].flatMap((name) => [
      `${api}.CONSUMER.INFO.${stream}.${name}`,
      `${api}.CONSUMER.CREATE.${stream}.${name}`,
      `${api}.CONSUMER.DURABLE.CREATE.${stream}.${name}`,
      `${api}.CONSUMER.DELETE.${stream}.${name}`,
    ]),
  ];
  const work = [
    ...all.map((name) => `${api}.CONSUMER.INFO.${stream}.${name}`),
    ...all.map((name) => `${api}.CONSUMER.MSG.NEXT.${stream}.${name}`),
    ...all.flatMap((name) => acksOf(stream, name)),
    names.deadLetterSubject,
    ...(subscription.topic.ordered ? leadership : []),
  ];
  const operate = [
    `${api}.STREAM.INFO.${deadLetterStream}`,
    `${api}.STREAM.MSG.DELETE.${deadLetterStream}`,
    `${api}.CONSUMER.MSG.NEXT.${deadLetterStream}.>`,
    // To look at letters without removing them, through a temporary consumer.
    `${api}.CONSUMER.CREATE.${deadLetterStream}`,
    `${api}.CONSUMER.CREATE.${deadLetterStream}.>`,
    `${api}.CONSUMER.DELETE.${deadLetterStream}.>`,
    ...acksOf(deadLetterStream, deadLetterConsumer),
    names.redriveSubject,
    // In a large queue, letters that a filter leaves are moved to the end.
    names.deadLetterSubject,
    // The message of a `backstop` letter stays in the topic's stream.
    `${api}.STREAM.MSG.GET.${stream}`,
    ...(subscription.topic.replay ? seek : []),
  ];
  return [
    {
      role: "subscriber",
      of,
      document: permissions(work, [
        ...inboxOf(options, "subscriber", stream, consumer),
        ...(subscription.topic.ordered ? [names.leaderSubject] : []),
      ]),
    },
    { role: "operator", of, document: permissions(operate, inboxOf(options, "operator", stream, consumer)) },
  ];
}

/** In the form of the server's configuration. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization (2026-11-22) */
function permissions(publish: readonly string[], subscribe: readonly string[]): object {
  return { publish: { allow: publish }, subscribe: { allow: subscribe } };
}

/**
 * The subjects of replies. A user that may subscribe to another user's inboxes can read its messages and their ack
 * subjects. So each role has its own prefix, and its connection needs the same one as `inboxPrefix`. If that option is
 * set, it is used for the one user that the export is written for.
 */
function inboxOf({ inboxPrefix }: CheckedOptions, role: string, ...names: readonly string[]): readonly string[] {
  return [`${inboxPrefix ?? [`_INBOX_${role}`, ...names].join(".")}.>`];
}

/** Both forms, see `ack-subject.ts`. */
function acksOf(stream: string, consumer: string): readonly string[] {
  return [`$JS.ACK.${stream}.${consumer}.>`, `$JS.ACK.*.*.${stream}.${consumer}.>`];
}
