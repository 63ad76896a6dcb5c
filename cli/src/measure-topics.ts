import { setTimeout as delay } from "node:timers/promises";
import type { AnyTopic, HandlerContext, PubSub } from "@anytopic/core";
import { openTail, type Tail, type TailJournal } from "@anytopic/core/tail";
import type { MeasuredLoad, MeasuredTopic } from "./cost-package.ts";

/**
 * Counts what is published to topics for some time, through a temporary subscription of each: no broker tells how many messages are
 * published to a topic, and how large they are. Nobody else misses a message. The subscriptions are removed at the end.
 */
export async function measureTopics(
  pubsub: PubSub,
  topics: readonly AnyTopic[],
  journal: TailJournal,
  forMs: number,
  signal: AbortSignal,
): Promise<MeasuredLoad> {
  const counted = topics.map((topic) => new Counted(topic.name));
  const tails: Tail[] = [];
  try {
    for (const [index, topic] of topics.entries()) {
      tails.push(await openTail(pubsub, topic, { journal, onMessage: (message) => counted[index]?.add(message) }));
    }
    // What came before all of them listened does not count.
    for (const one of counted) one.reset();
    const startedMs = performance.now();
    await delay(forMs, undefined, { signal });
    const found = counted.map((one) => one.found());
    return { measuredMs: performance.now() - startedMs, topics: found, subscriptions: [] };
  } finally {
    await Promise.all(tails.map((tail) => tail.close()));
  }
}

/** What came to one topic. */
class Counted {
  readonly #topic: string;
  #messages = 0;
  #bytes = 0;
  #attributes = 0;
  #attributeBytes = 0;

  constructor(topic: string) {
    this.#topic = topic;
  }

  add({ body, attributes, attempt }: HandlerContext): void {
    if (attempt > 1) return;
    this.#messages += 1;
    this.#bytes += body.byteLength;
    for (const [key, value] of Object.entries(attributes)) {
      this.#attributes += 1;
      this.#attributeBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    }
  }

  reset(): void {
    [this.#messages, this.#bytes, this.#attributes, this.#attributeBytes] = [0, 0, 0, 0];
  }

  found(): MeasuredTopic {
    const mean = (sum: number): number | undefined => (this.#messages === 0 ? undefined : sum / this.#messages);
    return {
      topic: this.#topic,
      messages: this.#messages,
      bytes: mean(this.#bytes),
      attributes: mean(this.#attributes),
      attributeBytes: mean(this.#attributeBytes),
    };
  }
}
