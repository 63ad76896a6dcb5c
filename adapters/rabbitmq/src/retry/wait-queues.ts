import { pause, PubSubError, type PubSubErrorCode, timeLeft } from "@anytopic/core/driver";
import type { Message } from "amqplib";
import type { Connections } from "../connection/connections.ts";
import { toPubSubError } from "../errors.ts";
import { QUEUE_SETTLES_MS, WAIT_QUEUE_TTLS_MS } from "../limits.ts";
import { type QueueNames, waitQueueName } from "../names.ts";
import { waitQueueArguments } from "../topology/queue-arguments.ts";
import type { Again } from "../wire/encode-again.ts";

interface WaitQueue {
  readonly name: string;
  /** From when on its messages survive a crash of the broker, monotonic ms. Until then the original is not acknowledged. */
  readonly safeFromMs: number;
}

/** Why no finer wait queue can be created, so that the one of `apply` is used. */
const NO_MORE_QUEUES: Partial<Record<PubSubErrorCode, string>> = {
  PERMISSION_DENIED: "this user may not create wait queues",
  RESOURCE_EXHAUSTED: "the virtual host may have no more queues",
};

/**
 * Where the messages of one subscription wait for their retry. Each has its own time to live, and is then dead-lettered to
 * the subscription's queue. A queue checks only its oldest message. So there is one queue for the delays up to each power of
 * two, and no message waits behind one of a longer class. They are created when first needed. See docs/adr/020-rabbitmq-retry.md.
 */
export class WaitQueues {
  readonly #connections: Connections;
  readonly #names: QueueNames;
  readonly #known = new Map<number, Promise<WaitQueue>>();

  constructor(connections: Connections, names: QueueNames) {
    this.#connections = connections;
    this.#names = names;
  }

  /** Stores a copy that is redelivered after `delayMs`; resolves when the copy will survive a crash of the broker. */
  async send(message: Message, again: Again, delayMs: number): Promise<void> {
    const wholeMs = Math.ceil(delayMs);
    const ttlMs = WAIT_QUEUE_TTLS_MS.find((ttl) => ttl >= wholeMs);
    if (ttlMs === undefined) {
      const most = WAIT_QUEUE_TTLS_MS.at(-1);
      throw new PubSubError("LIMIT_EXCEEDED", `rabbitmq: a retry can be delayed by at most ${most} ms, not ${wholeMs}`);
    }
    const { sender, context } = this.#connections;
    const leftMs = timeLeft(context.clock, delayMs);
    const store = async (): Promise<void> => {
      const { name, safeFromMs } = await this.#queue(ttlMs);
      // The time to create the queue is part of the delay.
      await sender.sendAgain(name, message, { ...again, delayMs: Math.max(1, Math.ceil(leftMs())) });
      const youngMs = safeFromMs - context.clock.monotonicNow();
      if (youngMs > 0) await pause(context.clock, youngMs);
    };
    try {
      await store();
    } catch (error) {
      if (!(error instanceof PubSubError) || error.code !== "NOT_FOUND") throw error;
      // The queue was deleted meanwhile.
      this.#known.delete(ttlMs);
      await store();
    }
  }

  #queue(ttlMs: number): Promise<WaitQueue> {
    const known = this.#known.get(ttlMs);
    if (known !== undefined) return known;
    const created = this.#create(waitQueueName(this.#names, ttlMs)).catch((error: unknown) => {
      this.#known.delete(ttlMs);
      throw error;
    });
    this.#known.set(ttlMs, created);
    return created;
  }

  async #create(name: string): Promise<WaitQueue> {
    const { consuming, context } = this.#connections;
    try {
      await consuming.withChannel((channel) =>
        channel.assertQueue(name, { durable: true, arguments: waitQueueArguments(this.#names) }),
      );
      return { name, safeFromMs: context.clock.monotonicNow() + QUEUE_SETTLES_MS };
    } catch (cause) {
      const error = toPubSubError(cause, `rabbitmq: declare queue ${JSON.stringify(name)}`);
      // It exists, with other arguments.
      if (error.code === "TOPOLOGY_MISMATCH") return { name, safeFromMs: 0 };
      const why = NO_MORE_QUEUES[error.code];
      if (why === undefined) throw error;
      context.logger.warn(
        { queue: name, code: error.code },
        `rabbitmq: ${why}: all delays share one wait queue, where a short one can wait behind a longer one`,
      );
      return { name: this.#names.wait, safeFromMs: 0 };
    }
  }
}
