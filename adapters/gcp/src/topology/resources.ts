import { PubSubError, type SubscriptionSpec, type Topology } from "@anytopic/core/driver";
import type { protos as Protos } from "@google-cloud/pubsub";
import type { Connection } from "../connection.ts";
import { EMULATOR_MAX_RETENTION_SECONDS, MAX_RETENTION_SECONDS, MIN_RETENTION_SECONDS } from "../limits.ts";
import { backstopAttempts } from "../retry/move-on.ts";
import { subscriptionIds, topicId } from "../names.ts";

export type ActualSubscription = Protos.google.pubsub.v1.ISubscription;

/** What a subscription is created with and compared against. */
export interface DeclaredSubscription {
  readonly name: string;
  readonly topic: string;
  readonly ackDeadlineSeconds: number;
  readonly messageRetentionDuration: { readonly seconds: number };
  /** Present and empty: the subscription never expires. By default it is deleted after 31 days without a worker. */
  readonly expirationPolicy: Record<string, never>;
  readonly enableMessageOrdering: boolean;
  readonly enableExactlyOnceDelivery: boolean;
  readonly deadLetterPolicy?: { readonly deadLetterTopic: string; readonly maxDeliveryAttempts: number };
}

export interface TopicResource {
  readonly kind: "topic";
  readonly id: string;
  readonly name: string;
}

export interface SubscriptionResource {
  readonly kind: "subscription";
  readonly id: string;
  readonly name: string;
  readonly declared: DeclaredSubscription;
}

export type Resource = TopicResource | SubscriptionResource;

/** Letters are kept as long as the service allows, and leased long enough for a look by a person. */
const LETTER_LEASE_SECONDS = 60;

/** What resources depend on besides the topology. */
export interface ResourceScope extends Pick<Connection, "projectId" | "emulator"> {
  readonly options: Pick<Connection["options"], "prefix">;
}

/** Everything a topology consists of: each topic, and for each subscription itself, its dead letters and its redrive. */
export function resourcesOf(connection: ResourceScope, topology: Topology): readonly Resource[] {
  const { prefix } = connection.options;
  const project = `projects/${connection.projectId}`;
  // An emulator that keeps nothing over a restart need not keep it long either.
  const longestSeconds = connection.emulator ? EMULATOR_MAX_RETENTION_SECONDS : MAX_RETENTION_SECONDS;
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
    const addSubscription = (id: string, topic: string, declared: Partial<DeclaredSubscription>): void => {
      const name = `${project}/subscriptions/${id}`;
      resources.push({
        kind: "subscription",
        id,
        name,
        declared: {
          name,
          topic: `${project}/topics/${topic}`,
          ackDeadlineSeconds: Math.ceil(spec.ackDeadlineMs / 1000),
          messageRetentionDuration: { seconds: Math.min(retentionSeconds(spec), longestSeconds) },
          expirationPolicy: {},
          enableMessageOrdering: spec.topic.ordered,
          enableExactlyOnceDelivery: spec.topic.exactlyOnce,
          ...declared,
        },
      });
    };
    addSubscription(ids.subscription, ids.topic, { deadLetterPolicy });
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

/** One difference; without a field it cannot be changed in place. */
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
    const detail = `${field} is ${text(is)}, declared ${text(want)}`;
    differences.push({ field: changeable ? field : undefined, detail });
  };
  compare("topic", actual.topic, declared.topic, false);
  compare("detached", actual.detached === true, false, false);
  compare("push_endpoint", actual.pushConfig?.pushEndpoint || "none", "none", false);
  compare("filter", actual.filter || "none", "none", false);
  compare("enable_message_ordering", actual.enableMessageOrdering === true, declared.enableMessageOrdering, false);
  compare("ack_deadline_seconds", actual.ackDeadlineSeconds, declared.ackDeadlineSeconds);
  compare(
    "message_retention_duration",
    duration(actual.messageRetentionDuration),
    `${declared.messageRetentionDuration.seconds} s`,
  );
  compare("expiration_policy", duration(actual.expirationPolicy?.ttl), "never");
  compare(
    "enable_exactly_once_delivery",
    actual.enableExactlyOnceDelivery === true,
    declared.enableExactlyOnceDelivery,
  );
  compare("retry_policy", actual.retryPolicy ? "set" : "none", "none");
  compare("dead_letter_policy", policy(actual.deadLetterPolicy), policy(declared.deadLetterPolicy));
  return differences;
}

function text(value: unknown): string {
  return String(value);
}

function duration(value: Protos.google.protobuf.IDuration | null | undefined): string {
  const seconds = Number(value?.seconds ?? 0);
  return seconds === 0 ? "never" : `${seconds} s`;
}

function policy(value: Protos.google.pubsub.v1.IDeadLetterPolicy | null | undefined): string {
  if (value === null || value === undefined || !value.deadLetterTopic) return "none";
  return `${value.deadLetterTopic} after ${value.maxDeliveryAttempts ?? 0} attempts`;
}
