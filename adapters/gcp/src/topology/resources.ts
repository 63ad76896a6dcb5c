import { PubSubError, type SubscriptionSpec, type Topology } from "@anytopic/core/driver";
import type { protos as Protos } from "@google-cloud/pubsub";
import type { Connection } from "../connection.ts";
import { EMULATOR_MAX_RETENTION_SECONDS, MAX_RETENTION_SECONDS, MIN_RETENTION_SECONDS } from "../limits.ts";
import { type FilterExpression, filterExpression } from "./filter-expression.ts";
import { backstopAttempts } from "../retry/move-on.ts";
import { subscriptionIds, topicId } from "../names.ts";

export type ActualSubscription = Protos.google.pubsub.v1.ISubscription;

/** What a subscription is created with and compared with. */
export interface DeclaredSubscription {
  readonly name: string;
  readonly topic: string;
  readonly ackDeadlineSeconds: number;
  readonly messageRetentionDuration: { readonly seconds: number };
  /** Present and empty: the subscription never expires. By default it is deleted after 31 days without a worker. */
  readonly expirationPolicy: Record<string, never>;
  /** So that a seek can bring them back. */
  readonly retainAckedMessages: boolean;
  readonly enableMessageOrdering: boolean;
  readonly enableExactlyOnceDelivery: boolean;
  /** Of the subscription itself: what is redriven passes without it. */
  readonly filter?: string;
  readonly deadLetterPolicy?: { readonly deadLetterTopic: string; readonly maxDeliveryAttempts: number };
}

interface Named {
  readonly id: string;
  readonly name: string;
}

export interface SubscriptionResource extends Named {
  readonly kind: "subscription";
  readonly declared: DeclaredSubscription;
}

export type Resource = (Named & { readonly kind: "topic" }) | SubscriptionResource;

const NO_FILTER: FilterExpression = { expression: undefined, inWorker: undefined };

/** Long enough for a person to look at a letter. */
const LETTER_LEASE_SECONDS = 60;

/** Everything that a topology consists of: each topic, and each subscription with its dead letters and its redrive. */
export function resourcesOf(
  {
    options: { prefix, filtersAtService },
    projectId,
    emulator,
  }: Pick<Connection, "options" | "projectId" | "emulator">,
  topology: Topology,
): readonly Resource[] {
  const project = `projects/${projectId}`;
  const longestSeconds = emulator ? EMULATOR_MAX_RETENTION_SECONDS : MAX_RETENTION_SECONDS;
  const resources: Resource[] = [];
  const addTopic = (id: string): void => void resources.push({ kind: "topic", id, name: `${project}/topics/${id}` });
  for (const topic of topology.topics) addTopic(topicId(prefix, topic));
  for (const spec of topology.subscriptions) {
    const ids = subscriptionIds(prefix, spec);
    addTopic(ids.deadLetters);
    addTopic(ids.redrive);
    const deadLetterPolicy = {
      deadLetterTopic: `${project}/topics/${ids.deadLetters}`,
      maxDeliveryAttempts: backstopAttempts(spec.maxRetries),
    };
    const addSubscription = (id: string, topic: string, differing: Partial<DeclaredSubscription>): void => {
      const name = `${project}/subscriptions/${id}`;
      const declared: DeclaredSubscription = {
        name,
        topic: `${project}/topics/${topic}`,
        ackDeadlineSeconds: Math.ceil(spec.ackDeadlineMs / 1000),
        messageRetentionDuration: { seconds: Math.min(retentionSeconds(spec), longestSeconds) },
        expirationPolicy: {},
        retainAckedMessages: false,
        enableMessageOrdering: spec.topic.ordered,
        enableExactlyOnceDelivery: spec.topic.exactlyOnce,
        ...differing,
      };
      resources.push({ kind: "subscription", id, name, declared });
    };
    const { expression } = filtersAtService && spec.filter !== undefined ? filterExpression(spec.filter) : NO_FILTER;
    const filter = expression === undefined ? undefined : { filter: expression };
    addSubscription(ids.subscription, ids.topic, {
      deadLetterPolicy,
      retainAckedMessages: spec.topic.replay,
      ...filter,
    });
    addSubscription(ids.redrive, ids.redrive, { deadLetterPolicy });
    addSubscription(ids.deadLetters, ids.deadLetters, {
      ackDeadlineSeconds: LETTER_LEASE_SECONDS,
      messageRetentionDuration: { seconds: longestSeconds },
      enableMessageOrdering: false,
      enableExactlyOnceDelivery: false,
    });
  }
  return resources;
}

function retentionSeconds({ topic, name }: SubscriptionSpec): number {
  const seconds = Math.ceil(topic.retentionMs / 1000);
  if (seconds >= MIN_RETENTION_SECONDS && seconds <= MAX_RETENTION_SECONDS) return seconds;
  throw new PubSubError(
    "NOT_SUPPORTED",
    `subscription "${topic.name}/${name}": retentionMs is ${topic.retentionMs}, Google Cloud Pub/Sub keeps messages for 10 minutes to 31 days: choose a value in that range`,
  );
}

/** One difference. Without a field it cannot be changed in place. */
interface FieldDifference {
  readonly field: string | undefined;
  readonly detail: string;
}

export function differencesOf(
  { declared }: SubscriptionResource,
  actual: ActualSubscription,
): readonly FieldDifference[] {
  const differences: FieldDifference[] = [];
  const compare = (field: string, is: unknown, want: unknown, changeable = true): void => {
    if (is === want) return;
    const detail = `${field} is ${String(is)}, declared ${String(want)}`;
    differences.push({ field: changeable ? field : undefined, detail });
  };
  const exactlyOnce = actual.enableExactlyOnceDelivery === true;
  const retention = durationText(actual.messageRetentionDuration);
  compare("topic", actual.topic, declared.topic, false);
  compare("detached", actual.detached === true, false, false);
  compare("push_endpoint", actual.pushConfig?.pushEndpoint || "none", "none", false);
  compare("filter", actual.filter || "none", declared.filter ?? "none", false);
  compare("enable_message_ordering", actual.enableMessageOrdering === true, declared.enableMessageOrdering, false);
  compare("ack_deadline_seconds", actual.ackDeadlineSeconds, declared.ackDeadlineSeconds);
  compare("message_retention_duration", retention, durationText(declared.messageRetentionDuration));
  compare("expiration_policy", durationText(actual.expirationPolicy?.ttl), "never");
  compare("retain_acked_messages", actual.retainAckedMessages === true, declared.retainAckedMessages);
  compare("enable_exactly_once_delivery", exactlyOnce, declared.enableExactlyOnceDelivery);
  compare("retry_policy", actual.retryPolicy ? "set" : "none", "none");
  compare("dead_letter_policy", policyText(actual.deadLetterPolicy), policyText(declared.deadLetterPolicy));
  return differences;
}

function durationText(value: Protos.google.protobuf.IDuration | null | undefined): string {
  const seconds = Number(value?.seconds ?? 0);
  return seconds === 0 ? "never" : `${seconds} s`;
}

function policyText(value: Protos.google.pubsub.v1.IDeadLetterPolicy | null | undefined): string {
  if (!value?.deadLetterTopic) return "none";
  return `${value.deadLetterTopic} after ${value.maxDeliveryAttempts ?? 0} attempts`;
}
