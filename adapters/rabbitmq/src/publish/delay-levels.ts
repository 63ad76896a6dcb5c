import { PubSubError, type TopicSpec } from "@anytopic/core/driver";
import type { Channel } from "amqplib";
import type { Connections } from "../connection/connections.ts";
import { toPubSubError } from "../errors.ts";
import { DELAY_LEVELS_MS, QUEUE_SETTLES_MS } from "../limits.ts";
import { delayLevelName, dueName, exchangeName, nobodyName } from "../names.ts";
import { delayLevelArguments, nobodyArguments } from "../topology/queue-arguments.ts";

/**
 * The exchanges and queues in which the messages of one topic wait until they are due, one pair for each power of two of a delay. In a queue all
 * messages wait equally long, so the oldest always is the first that is due. A message waits in one queue after the other, those whose
 * power of two is part of its delay, the longest first: its routing key tells which. What is due comes to the topic's exchange. See
 * docs/adr/105-delayed-publish.md.
 */
export class DelayLevels {
  readonly #connections: Connections;
  readonly #topic: TopicSpec;
  readonly #created: Promise<void>[] = [];
  #safeFromMs = 0;

  constructor(connections: Connections, topic: TopicSpec) {
    this.#connections = connections;
    this.#topic = topic;
  }

  /** Resolves when the levels up to this one exist, with the time from which on they survive a crash of the broker, monotonic ms. */
  async require(level: number): Promise<number> {
    for (let next = this.#created.length; next <= level; next += 1) {
      this.#created.push(this.#createAfter(this.#created[next - 1] ?? this.#createTarget(), next));
    }
    try {
      await this.#created[level];
    } catch (error) {
      this.forget();
      throw error;
    }
    return this.#safeFromMs;
  }

  /** They may have been deleted: looks for them again. */
  forget(): void {
    this.#created.length = 0;
  }

  /**
   * Where due messages go: to the topic, and to a queue that keeps nothing. Without it, a message of a topic without subscriptions could
   * not be routed, and the broker would try again for ever, and hold up others meanwhile.
   */
  async #createTarget(): Promise<void> {
    const { prefix } = this.#connections.options;
    const [due, nobody] = [dueName(prefix, this.#topic), nobodyName(prefix, this.#topic)];
    await this.#declare(due, async (channel) => {
      await channel.assertExchange(due, "fanout", { durable: true });
      await channel.assertQueue(nobody, { durable: true, arguments: nobodyArguments() });
      await channel.bindQueue(nobody, due, "");
      await channel.bindExchange(exchangeName(prefix, this.#topic), due, "");
    });
  }

  async #createAfter(below: Promise<void>, level: number): Promise<void> {
    await below;
    await this.#create(level);
  }

  async #create(level: number): Promise<void> {
    const { options, context } = this.#connections;
    const { prefix } = options;
    const name = delayLevelName(prefix, this.#topic, level);
    const below = level === 0 ? dueName(prefix, this.#topic) : delayLevelName(prefix, this.#topic, level - 1);
    const earlier = "*.".repeat(level);
    const isNew = await this.#declare(name, async (channel) => {
      await channel.assertExchange(name, "topic", { durable: true });
      await channel.assertQueue(name, {
        durable: true,
        arguments: delayLevelArguments(DELAY_LEVELS_MS[level] ?? 0, below),
      });
      await channel.bindQueue(name, name, `${earlier}1.#`);
      await channel.bindExchange(below, name, `${earlier}0.#`);
    });
    if (isNew) this.#safeFromMs = context.clock.monotonicNow() + QUEUE_SETTLES_MS;
  }

  /** Returns false when it exists and this user may not create it. */
  async #declare(exchange: string, declare: (channel: Channel) => Promise<void>): Promise<boolean> {
    const { consuming } = this.#connections;
    try {
      await consuming.withChannel(declare);
      return true;
    } catch (cause) {
      const error = toPubSubError(
        cause,
        `rabbitmq: create what delays publishes (exchange ${JSON.stringify(exchange)})`,
      );
      if (error.code !== "PERMISSION_DENIED") throw error;
      const exists = await consuming.withChannel((channel) => channel.checkExchange(exchange)).catch(() => undefined);
      if (exists !== undefined) return false;
      throw new PubSubError(
        error.code,
        `${error.message}; it does not exist yet: let a user that may create it publish once with a delay`,
        { cause },
      );
    }
  }
}
