import type { ExportedPolicy, SubscriptionSpec, Topology, TopologyExporter, TopicSpec } from "@anytopic/core/driver";
import { subscriptionNames, topicNames } from "./names.ts";
import type { CheckedOptions } from "./options.ts";

/** Permissions of a user, as the server's configuration has them. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization (2026-11-22) */
interface Permissions {
  readonly publish: { readonly allow: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

/** Writes about a topology without contacting a server. There is no Terraform: `apply` makes streams and consumers. */
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
  const publish = [subject, `${apiOf(options)}.STREAM.INFO.${stream}`];
  return { role: "publisher", of: topic.name, document: permissions(publish, inboxOf(options, "publisher", stream)) };
}

function subscriptionPolicies(subscription: SubscriptionSpec, options: CheckedOptions): readonly ExportedPolicy[] {
  const names = subscriptionNames(options.prefix, subscription);
  const { stream, consumer, deadLetterStream, deadLetterConsumer, leaderStream } = names;
  const api = apiOf(options);
  const of = `${subscription.topic.name}/${subscription.name}`;
  const leadership = [names.leaderSubject, `${api}.STREAM.MSG.GET.${leaderStream}`];
  const work = [
    `${api}.CONSUMER.INFO.${stream}.${consumer}`,
    `${api}.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    ...acksOf(stream, consumer),
    names.deadLetterSubject,
    ...(subscription.topic.ordered ? leadership : []),
  ];
  const operate = [
    `${api}.STREAM.INFO.${deadLetterStream}`,
    `${api}.STREAM.MSG.DELETE.${deadLetterStream}`,
    `${api}.CONSUMER.MSG.NEXT.${deadLetterStream}.>`,
    // To look at letters without removing them, through a consumer that is gone afterwards.
    `${api}.CONSUMER.CREATE.${deadLetterStream}`,
    `${api}.CONSUMER.CREATE.${deadLetterStream}.>`,
    `${api}.CONSUMER.DELETE.${deadLetterStream}.>`,
    ...acksOf(deadLetterStream, deadLetterConsumer),
    names.redriveSubject,
    // What a filter leaves of a large queue is moved to its end.
    names.deadLetterSubject,
    // A letter that the server itself gave up on is kept in the topic's stream.
    `${api}.STREAM.MSG.GET.${stream}`,
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

function permissions(publish: readonly string[], subscribe: readonly string[]): Permissions {
  return { publish: { allow: publish }, subscribe: { allow: subscribe } };
}

/**
 * Where replies come to. Whoever may listen on another's inboxes reads its messages and where they are acknowledged: so each
 * role has a prefix of its own, which its connection is to be given as `inboxPrefix`. With that option set, it is
 * the prefix of the one user that the export is for.
 */
function inboxOf({ inboxPrefix }: CheckedOptions, role: string, ...names: readonly string[]): readonly string[] {
  return [`${inboxPrefix ?? [`_INBOX_${role}`, ...names].join(".")}.>`];
}

/** Both forms, see `ack-subject.ts`. */
function acksOf(stream: string, consumer: string): readonly string[] {
  return [`$JS.ACK.${stream}.${consumer}.>`, `$JS.ACK.*.*.${stream}.${consumer}.>`];
}

function apiOf({ domain }: CheckedOptions): string {
  return domain === undefined ? "$JS.API" : `$JS.${domain}.API`;
}
