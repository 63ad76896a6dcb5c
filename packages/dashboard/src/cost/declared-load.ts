import type { AnySubscription, AnyTopic } from "@anytopic/core";
import type { SubscriptionLoad, TopicLoad } from "./load.ts";

/** What declarations say about cost. It is JSON: the dashboard's page gets it. */
export interface DeclaredTopic extends Pick<
  TopicLoad,
  "name" | "ordered" | "exactlyOnce" | "isText" | "replay" | "retentionMs"
> {
  readonly subscriptions: readonly DeclaredSubscription[];
}

/** What a declaration says about the load of one subscription. */
export interface DeclaredSubscription extends Pick<SubscriptionLoad, "name" | "ackDeadlineMs"> {
  readonly filtered: boolean;
}

/** Topics in the order given, each with its subscriptions. */
export function declaredTopics(
  topics: readonly AnyTopic[],
  subscriptions: readonly AnySubscription[],
): readonly DeclaredTopic[] {
  return topics.map((topic) => ({
    name: topic.name,
    ordered: topic.orderingKey !== undefined,
    exactlyOnce: topic.deliveryGuarantee === "exactly-once",
    isText: topic.codec.name === "json" || topic.codec.name === "text",
    replay: topic.replay,
    retentionMs: topic.retentionMs,
    subscriptions: subscriptions
      .filter((one) => one.topic.name === topic.name)
      .map(({ name, ackDeadlineMs, filter }) => ({ name, ackDeadlineMs, filtered: filter !== undefined })),
  }));
}

type Given<Figures> = { readonly [Key in keyof Figures]?: Figures[Key] | undefined };

/** What declarations do not say. Every field may be left out. */
export type TopicFigures = Given<OfTopic>;
/** The numbers of the load of one subscription; those that are left out come from the declaration or the defaults. */
export type SubscriptionFigures = Given<OfSubscription>;

type OfTopic = Pick<
  TopicLoad,
  | "messagesPerMonth"
  | "bytes"
  | "attributes"
  | "attributeBytes"
  | "orderingKeyBytes"
  | "activeHoursPerDay"
  | "publishers"
  | "fill"
>;
type OfSubscription = Pick<SubscriptionLoad, "retriesPerMessage" | "workers" | "handlingMs" | "passes" | "fill">;

/** What is taken where nobody says anything else. */
export const DEFAULT_FIGURES: OfTopic & OfSubscription = {
  messagesPerMonth: 1_000_000,
  bytes: 1024,
  attributes: 0,
  attributeBytes: 0,
  orderingKeyBytes: 36,
  activeHoursPerDay: 24,
  publishers: 1,
  retriesPerMessage: 0,
  workers: 1,
  handlingMs: 100,
  passes: 1,
  fill: undefined,
};

/** A load from a declaration and what is known beside it. What a subscription does not say, `figures` of the topic say. */
export function topicLoad(
  declared: DeclaredTopic,
  figures: TopicFigures & SubscriptionFigures,
  ofSubscription: (name: string) => SubscriptionFigures = () => ({}),
): TopicLoad {
  const { subscriptions, ...topic } = declared;
  const all = withDefaults(figures, DEFAULT_FIGURES);
  const { retriesPerMessage, workers, handlingMs, passes, ...ofTopic } = all;
  return {
    ...topic,
    ...ofTopic,
    subscriptions: subscriptions.map(({ name, ackDeadlineMs, filtered }) => {
      const common: OfSubscription = {
        retriesPerMessage,
        workers,
        handlingMs,
        passes: filtered ? passes : 1,
        fill: all.fill,
      };
      return { name, ackDeadlineMs, ...withDefaults(ofSubscription(name), common) };
    }),
  };
}

function withDefaults<Figures extends object>(given: Given<Figures>, defaults: Figures): Figures {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...(Object.fromEntries(known) as Partial<Figures>) };
}
