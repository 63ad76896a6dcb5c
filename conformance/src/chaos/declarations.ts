import { defineSubscription, defineTopic, type Subscription, type Topic } from "@anytopic/core";
import type { Item } from "../item.ts";
import type { ActorTask } from "./actor-task.ts";
import type { TopicPlan } from "./schedule.ts";

/** A topic of a schedule and its only subscription, the same in every process. */
export interface ChaosTopic {
  readonly plan: TopicPlan;
  readonly topic: Topic<Item>;
  readonly subscription: Subscription<Item>;
}

type Declared = Pick<ActorTask, "prefix" | "topics" | "ackDeadlineMs" | "retryMs" | "maxRetries">;

const MAX_HANDLING_MS = 60_000;

export function declareTopics(task: Declared): readonly ChaosTopic[] {
  const { prefix, topics, ackDeadlineMs, retryMs, maxRetries } = task;
  return topics.map((plan) => {
    const topic = defineTopic<Item>(`${prefix}-${plan.name}`, {
      deliveryGuarantee: plan.exactlyOnce ? "exactly-once" : "at-least-once",
      ...(plan.ordered ? { orderingKey: (item: Item) => item.key } : {}),
    });
    const subscription = defineSubscription(topic, "s", {
      ackDeadlineMs,
      maxHandlingMs: MAX_HANDLING_MS,
      retryPolicy: { minBackoffMs: retryMs, maxBackoffMs: 4 * retryMs, maxRetries, jitter: 0.1 },
    });
    return { plan, topic, subscription };
  });
}
