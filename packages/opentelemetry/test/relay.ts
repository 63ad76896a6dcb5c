import type { MeasuredRelay } from "@anytopic/opentelemetry";

/** A relay that has published 12 messages, with 3 of one topic in its outbox. */
export function relay(): MeasuredRelay {
  const topics = [{ topic: "orders", waiting: 3, oldestAgeMs: 4500, held: 1, parked: 2 }];
  return { health: () => ({ closing: false, published: 12 }), stats: async () => await Promise.resolve({ topics }) };
}
