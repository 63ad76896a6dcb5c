import type { PubSub, Topic } from "@anytopic/core";

const CHUNK = 1000;

/** Publishes so many events, in batches of 1,000, four at a time. */
export async function publishMany<Event>(
  pubsub: PubSub,
  topic: Topic<Event>,
  count: number,
  event: (number: number) => Event,
): Promise<void> {
  let next = 0;
  const loop = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next = Math.min(count, from + CHUNK);
      const entries = Array.from({ length: next - from }, (_, index) => ({ event: event(from + index) }));
      const results = await pubsub.publishBatch(topic, entries);
      for (const result of results) if ("error" in result) throw result.error;
    }
  };
  await Promise.all([loop(), loop()]);
}
