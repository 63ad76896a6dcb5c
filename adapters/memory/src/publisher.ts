import { Deque, type DriverPublisher, type PublishRequest, type TopicSpec } from "@anytopic/core/driver";
import { notFound } from "./errors.ts";
import { memoryMessageLimits } from "./message-limits.ts";
import type { MemoryBroker } from "./broker/memory-broker.ts";
import type { Work } from "./broker/work-loop.ts";

const NOTHING: readonly PublishRequest[] = [];

/** Publishes to one topic. It looks the topic up by name each time, because that may have been deleted and created again. */
export class MemoryPublisher implements DriverPublisher, Work {
  queued = false;
  readonly #broker: MemoryBroker;
  readonly #topic: string;
  readonly #batches = new Deque<readonly PublishRequest[]>();
  #batch = NOTHING;
  #position = 0;

  constructor(broker: MemoryBroker, topic: TopicSpec) {
    this.#broker = broker;
    this.#topic = topic.physicalName;
  }

  readonly sizeOf: DriverPublisher["sizeOf"] = memoryMessageLimits().sizeOf;

  publish(batch: readonly PublishRequest[]): void {
    this.#batches.push(batch);
    this.#broker.loop.add(this);
  }

  work(most: number, nowMs: number): number {
    const topic = this.#broker.topic(this.#topic);
    let steps = 0;
    for (; steps < most; steps += 1) {
      const request = this.#next();
      if (request === undefined) break;
      if (!request.awaited) continue;
      if (topic === undefined) request.reject(notFound(`topic ${this.#topic}`));
      else topic.publish(request, nowMs);
    }
    return steps;
  }

  async close(): Promise<void> {}

  #next(): PublishRequest | undefined {
    if (this.#position === this.#batch.length) {
      this.#batch = this.#batches.shift() ?? NOTHING;
      this.#position = 0;
    }
    const request = this.#batch[this.#position];
    if (request !== undefined) this.#position += 1;
    return request;
  }
}
