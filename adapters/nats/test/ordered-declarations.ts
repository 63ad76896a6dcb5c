import { defineSubscription, defineTopic, type Subscription, type Topic } from "@anytopic/core";

export interface Numbered {
  readonly key: string;
  readonly number: number;
}

/** One ordered topic with one subscription, the same in the test and in its worker processes. */
export function orderedDeclarations(run: string): {
  readonly topic: Topic<Numbered, Numbered>;
  readonly subscription: Subscription<Numbered>;
} {
  const topic = defineTopic<Numbered>(`ordered-${run}`, { orderingKey: ({ key }) => key });
  const subscription = defineSubscription(topic, "worker", {
    ackDeadlineMs: 1500,
    maxConcurrency: 8,
    retryPolicy: { minBackoffMs: 20, maxBackoffMs: 100 },
  });
  return { topic, subscription };
}
