import { randomUUID } from "node:crypto";

import { defineSubscription, defineTopic, type PubSub } from "@anytopic/core";

import { nextEvent, type BenchEvent } from "./event.ts";
import type { Form } from "./form.ts";

export interface AnytopicFormOptions {
  readonly name?: string;
  /** Pending publishes, which set the pace of the callers. @default 256 */
  readonly window?: number;
  /** @default 100 */
  readonly maxConcurrency?: number;
  /** @default 1000 */
  readonly prefetch?: number;
  /** How long requests of a closed worker may still be pending, in ms. @default 0 */
  readonly lingerMs?: number;
}

/** anytopic through its public API, as an application uses it. Closes `pubsub`. */
export async function anytopicForm(pubsub: PubSub, options: AnytopicFormOptions = {}): Promise<Form> {
  const { name = "anytopic", window = 256, maxConcurrency = 100, prefetch = 1000, lingerMs = 0 } = options;
  const topic = defineTopic<BenchEvent>(`bench-${randomUUID().slice(0, 8)}`);
  const subscription = defineSubscription(topic, "worker");
  await pubsub.apply([subscription]);
  return {
    name,
    async publish(count): Promise<void> {
      let left = count;
      const loop = async (): Promise<void> => {
        while (left > 0) {
          left -= 1;
          await pubsub.publish(topic, nextEvent());
        }
      };
      await Promise.all(Array.from({ length: window }, loop));
    },
    async consume(count): Promise<void> {
      let left = count;
      const { promise, resolve } = Promise.withResolvers<void>();
      const handler = async (): Promise<void> => {
        left -= 1;
        if (left === 0) resolve();
      };
      const worker = await pubsub.subscribe(subscription, handler, { maxConcurrency, prefetch });
      await promise;
      await worker.close();
    },
    idle: () => new Promise((resolve) => setTimeout(resolve, lingerMs)),
    async close(): Promise<void> {
      await pubsub.destroy([subscription]);
      await pubsub.close();
    },
  };
}
