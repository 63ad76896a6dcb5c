import { pause, PubSubError, type PubSubErrorCode, timeLeft } from "@anytopic/core/driver";
import type { Message } from "amqplib";
import type { Connection } from "../connection.ts";
import type { Again } from "../wire/encode-again.ts";
import { toPubSubError } from "../errors.ts";
import { QUEUE_SETTLES_MS, WAIT_QUEUE_TTLS_MS } from "../limits.ts";
import { type QueueNames, waitQueueName } from "../names.ts";
import type { QueueSender } from "../publish/queue-sender.ts";
import { waitQueueArguments } from "../topology/queue-arguments.ts";
import { withChannel } from "../connection/with-channel.ts";

interface WaitQueue {
  readonly name: string;
  /** Monotonic ms from which a message in it survives a crash of the broker; until then the original is not given up. */
  readonly safeFromMs: number;
}

/** Why a wait queue cannot be made, where the one that `apply` made has to do. */
const NO_MORE_QUEUES: Partial<Record<PubSubErrorCode, string>> = {
  PERMISSION_DENIED: "this user may not make wait queues",
  RESOURCE_EXHAUSTED: "the virtual host may have no more queues",
};

/**
 * Where messages of one subscription wait for their retry: each has its own time to live, and is dead-lettered into the
 * subscription's queue when that is over. A queue looks at its oldest message alone, so there is one for the delays up to
 * each power of two: nobody waits behind a message of a longer class. They are made when first needed. See
 * docs/adr/020-rabbitmq-retry.md.
 */
export class WaitQueues {
  readonly #names: QueueNames;
  readonly #connection: Connection;
  readonly #sender: QueueSender;
  readonly #known = new Map<number, Promise<WaitQueue>>();

  constructor(names: QueueNames, connection: Connection, sender: QueueSender) {
    this.#names = names;
    this.#connection = connection;
    this.#sender = sender;
  }

  /** Stores a copy that comes back as `attempt` after `delayMs`; resolves when it will survive a crash of the broker. */
  async send(message: Message, id: string, attempt: number, delayMs: number): Promise<void> {
    const wholeMs = Math.ceil(delayMs);
    const ttlMs = WAIT_QUEUE_TTLS_MS.find((ttl) => ttl >= wholeMs);
    if (ttlMs === undefined) {
      throw new PubSubError(
        "LIMIT_EXCEEDED",
        `rabbitmq: a retry can be delayed by at most ${WAIT_QUEUE_TTLS_MS.at(-1)} ms, not ${wholeMs}`,
      );
    }
    const leftMs = timeLeft(this.#connection.context.clock, delayMs);
    const store = async (): Promise<void> => {
      const queue = await this.#queue(ttlMs);
      // What it took to make the queue is part of the wait.
      const restMs = Math.max(1, Math.ceil(leftMs()));
      await this.#store(queue, message, { id, attempt, delayMs: restMs });
    };
    try {
      await store();
    } catch (error) {
      if (!(error instanceof PubSubError) || error.code !== "NOT_FOUND") throw error;
      // Somebody has deleted it since.
      this.#known.delete(ttlMs);
      await store();
    }
  }

  async #store(queue: WaitQueue, message: Message, again: Again): Promise<void> {
    await this.#sender.sendAgain(queue.name, message, again);
    const youngMs = queue.safeFromMs - this.#nowMs;
    if (youngMs > 0) await pause(this.#connection.context.clock, youngMs);
  }

  get #nowMs(): number {
    return this.#connection.context.clock.monotonicNow();
  }

  #queue(ttlMs: number): Promise<WaitQueue> {
    const known = this.#known.get(ttlMs);
    if (known !== undefined) return known;
    const made = this.#make(waitQueueName(this.#names, ttlMs)).catch((error: unknown) => {
      this.#known.delete(ttlMs);
      throw error;
    });
    this.#known.set(ttlMs, made);
    return made;
  }

  async #make(queue: string): Promise<WaitQueue> {
    try {
      await withChannel(this.#connection, (channel) =>
        channel.assertQueue(queue, { durable: true, arguments: waitQueueArguments(this.#names) }),
      );
      return { name: queue, safeFromMs: this.#nowMs + QUEUE_SETTLES_MS };
    } catch (cause) {
      const error = toPubSubError(`rabbitmq: declare queue ${JSON.stringify(queue)}`, cause);
      // It is there, if with other arguments.
      if (error.code === "TOPOLOGY_MISMATCH") return { name: queue, safeFromMs: 0 };
      const why = NO_MORE_QUEUES[error.code];
      if (why === undefined) throw error;
      this.#connection.context.logger.warn(
        { queue, code: error.code },
        `rabbitmq: ${why}: all delays share one wait queue, where a short one can wait behind a longer one`,
      );
      return { name: this.#names.wait, safeFromMs: 0 };
    }
  }
}
