import { CallOrder } from "./call-order.ts";
import type { Clock } from "../base/clock.ts";
import { timeLeft } from "../base/time-left.ts";
import { PubSubError } from "../base/errors.ts";
import type { PendingPublish } from "./pending-publish.ts";
import type { TopicPublisher } from "./topic-publisher.ts";

/** Sends the messages of one topic, to one connection or to two. */
export type EventPublisher = Pick<TopicPublisher, "pending" | "send" | "close">;

/** A publisher with the name of its connection. */
export interface NamedPublisher {
  readonly connection: string;
  readonly publisher: TopicPublisher;
}

/**
 * Sends every message to the topic's connection and to its mirror, with one id. Resolves when both have accepted it. A message that one
 * of them would never accept is sent to neither. When one of them fails after that, the call rejects with its error, and the other
 * may have the message: to publish again with the same `id` is safe for consumers that deduplicate.
 */
export class MirrorPublisher implements EventPublisher {
  readonly #name: string;
  readonly #targets: readonly NamedPublisher[];
  readonly #clock: Clock;
  readonly #callOrder = new CallOrder();

  constructor(name: string, targets: readonly NamedPublisher[], clock: Clock) {
    this.#name = name;
    this.#targets = targets;
    this.#clock = clock;
  }

  get pending(): number {
    return Math.max(...this.#targets.map(({ publisher }) => publisher.pending));
  }

  send(message: PendingPublish): Promise<string> {
    const isOrdered = message.orderingKey !== undefined;
    return this.#callOrder.run(isOrdered, message.valid, message.signal, () => this.#sendToAll(message));
  }

  async close(timeoutMs: number): Promise<void> {
    const leftMs = timeLeft(this.#clock, timeoutMs);
    await this.#callOrder.settled(this.#clock, timeoutMs);
    await Promise.allSettled(this.#targets.map(({ publisher }) => publisher.close(leftMs())));
  }

  async #sendToAll(message: PendingPublish): Promise<string> {
    const copies = this.#targets.map(({ publisher }) => ({ publisher, copy: publisher.checked(message.copy()) }));
    const results = await Promise.allSettled(copies.map(({ publisher, copy }) => publisher.submit(copy)));
    for (const [index, result] of results.entries()) {
      if (result.status === "rejected") throw this.#named(index, result.reason);
    }
    return message.id;
  }

  #named(index: number, reason: unknown): unknown {
    if (!(reason instanceof PubSubError)) return reason;
    const { code, retryable } = reason;
    const where = `topic "${this.#name}" on connection "${this.#targets[index]?.connection}"`;
    return new PubSubError(code, `${where}: ${reason.message}`, { cause: reason, retryable });
  }
}
