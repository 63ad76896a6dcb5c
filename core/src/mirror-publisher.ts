import { CallOrder } from "./call-order.ts";
import type { Clock } from "./clock.ts";
import { PubSubError } from "./errors.ts";
import type { IdGenerator } from "./message-id.ts";
import type { PublishEntry, PublishOptions, PublishResult } from "./publish-options.ts";
import type { TopicPublisher } from "./topic-publisher.ts";
import type { Topic } from "./topic.ts";

/** What publishes events of one topic: to one connection, or to two at once. */
export type EventPublisher = Pick<TopicPublisher, "pending" | "publish" | "publishBatch" | "close">;

/** A publisher with the name of its connection. */
export interface NamedPublisher {
  readonly connection: string;
  readonly publisher: TopicPublisher;
}

/**
 * Publishes every event to a topic's connection and to its mirror, with one id. Resolves when both have accepted it.
 * An event that either could never take (schema, codec, limits) is sent to neither; when one refuses or fails later, the
 * call rejects with its error, and the other may have the event: publishing again with the same `id` is safe for
 * consumers that deduplicate.
 */
export class MirrorPublisher implements EventPublisher {
  readonly #targets: readonly NamedPublisher[];
  readonly #newId: IdGenerator;
  readonly #clock: Clock;
  readonly #callOrder = new CallOrder();

  constructor(targets: readonly NamedPublisher[], newId: IdGenerator, clock: Clock) {
    this.#targets = targets;
    this.#newId = newId;
    this.#clock = clock;
  }

  get pending(): number {
    return Math.max(...this.#targets.map(({ publisher }) => publisher.pending));
  }

  publish<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions = {}): Promise<string> {
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason);
    const [{ publisher: first }] = this.#targets as readonly [NamedPublisher];
    let valid: Promise<void> | undefined;
    try {
      valid = first.validate(topic, event);
    } catch (error) {
      return Promise.reject(error);
    }
    const isOrdered = topic.orderingKey !== undefined;
    return this.#callOrder.run(isOrdered, valid, options.signal, () => this.#send(topic, event, options));
  }

  async publishBatch<Input>(
    topic: Topic<Input, unknown>,
    entries: readonly PublishEntry<Input>[],
    signal: AbortSignal | undefined,
  ): Promise<readonly PublishResult[]> {
    const published = entries.map(async (entry): Promise<PublishResult> => {
      try {
        return {
          ok: true,
          id: await this.publish(topic, entry.event, signal === undefined ? entry : { ...entry, signal }),
        };
      } catch (error) {
        return { ok: false, error };
      }
    });
    return await Promise.all(published);
  }

  async close(timeoutMs: number): Promise<void> {
    await Promise.allSettled(this.#targets.map(({ publisher }) => publisher.close(timeoutMs)));
  }

  async #send<Input>(topic: Topic<Input, unknown>, event: Input, options: PublishOptions): Promise<string> {
    const id = options.id ?? this.#newId(this.#clock.now());
    const withId = { ...options, id };
    for (const { publisher } of this.#targets) publisher.check(topic, event, withId);
    // Validated above, once.
    const unchecked = { ...topic, schema: undefined };
    const results = await Promise.allSettled(
      this.#targets.map(({ publisher }) => publisher.publish(unchecked, event, withId)),
    );
    for (const [index, result] of results.entries()) {
      if (result.status === "rejected") throw this.#named(topic.name, index, result.reason);
    }
    return id;
  }

  #named(topic: string, index: number, reason: unknown): unknown {
    if (!(reason instanceof PubSubError)) return reason;
    const { code, retryable } = reason;
    const where = `topic "${topic}" on connection "${this.#targets[index]?.connection}"`;
    return new PubSubError(code, `${where}: ${reason.message}`, { cause: reason, retryable });
  }
}
