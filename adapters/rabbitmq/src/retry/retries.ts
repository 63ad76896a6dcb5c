import { pause, PubSubError, type PubSubErrorCode, timeLeft } from "@anytopic/core/driver";
import type { Connections } from "../connection/connections.ts";
import type { RabbitmqDelivery } from "../delivery.ts";
import { toPubSubError } from "../errors.ts";
import { QUEUE_SETTLES_MS, WAIT_QUEUE_TTLS_MS } from "../limits.ts";
import { type QueueNames, waitQueueName } from "../names.ts";
import { waitQueueArguments } from "../topology/queue-arguments.ts";
import { SilentWaitQueues } from "./silent-wait-queues.ts";

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
 * The delayed retries of one worker. They wait in wait queues, and in memory only while the broker takes none.
 *
 * Each message has its own time to live in a wait queue, and is then dead-lettered to the subscription's queue. A queue checks
 * only its oldest message. So there is one queue for the delays up to each power of two, and no message waits behind one of a
 * longer class. They are created when first needed. See docs/adr/020-rabbitmq-retry.md.
 */
export class Retries {
  readonly #connections: Connections;
  readonly #names: QueueNames;
  readonly #what: string;
  readonly #queues = new Map<number, Promise<WaitQueue>>();
  readonly #silent: SilentWaitQueues;
  /** Ends the waits in memory. */
  readonly #ended = new AbortController();

  /** @param what the subscription and its queue: errors begin with it */
  constructor(connections: Connections, names: QueueNames, what: string) {
    this.#connections = connections;
    this.#names = names;
    this.#what = what;
    this.#silent = new SilentWaitQueues(connections.context, names.wait);
  }

  /** Each retry that waits in memory is stored if that works now, and returned to its queue at once if not. */
  end(): void {
    this.#ended.abort();
  }

  /** Resolves when the message is stored for its retry and acknowledged, or was returned to its queue. */
  async later(delivery: RabbitmqDelivery, delayMs: number): Promise<void> {
    const { clock, logger } = this.#connections.context;
    const { session } = delivery;
    const leftMs = timeLeft(clock, delayMs);
    try {
      await this.#store(delivery, delayMs);
    } catch (error) {
      // It was not stored, or that is unknown. So it waits here, or until this worker closes, and the broker counts the attempt.
      const { code } = toPubSubError(error, this.#what);
      logger.warn({ queue: this.#names.queue, code }, "rabbitmq: a retry cannot be stored: it waits in memory");
      await pause(clock, leftMs(), this.#ended.signal);
      if (!(await this.#storedAtLast(delivery, leftMs()))) return await session.giveBack(delivery, "reject");
    }
    return await session.ack(delivery);
  }

  /** Tries once more to store a retry whose wait was ended early; false if it is due, or cannot be stored. */
  async #storedAtLast(delivery: RabbitmqDelivery, leftMs: number): Promise<boolean> {
    if (leftMs <= 0 || !delivery.session.isUnsettled(delivery)) return false;
    return await this.#store(delivery, leftMs).then(
      () => true,
      () => false,
    );
  }

  /** Stores a copy that is redelivered after `delayMs`; resolves when the copy will survive a crash of the broker. */
  async #store({ native, id, attempt }: RabbitmqDelivery, delayMs: number): Promise<void> {
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
      const restMs = Math.max(1, Math.ceil(leftMs()));
      await this.#silent.watch(
        ttlMs,
        name,
        sender.sendAgain(name, native, { id, attempt: attempt + 1, delayMs: restMs }),
      );
      const youngMs = safeFromMs - context.clock.monotonicNow();
      if (youngMs > 0) await pause(context.clock, youngMs);
    };
    try {
      await store();
    } catch (error) {
      if (!(error instanceof PubSubError) || error.code !== "NOT_FOUND") throw error;
      // The queue was deleted meanwhile.
      this.#queues.delete(ttlMs);
      await store();
    }
  }

  #queue(ttlMs: number): Promise<WaitQueue> {
    if (this.#silent.isAvoided(ttlMs)) return Promise.resolve({ name: this.#names.wait, safeFromMs: 0 });
    const known = this.#queues.get(ttlMs);
    if (known !== undefined) return known;
    const created = this.#create(waitQueueName(this.#names, ttlMs)).catch((error: unknown) => {
      this.#queues.delete(ttlMs);
      throw error;
    });
    this.#queues.set(ttlMs, created);
    return created;
  }

  async #create(name: string): Promise<WaitQueue> {
    const { consuming, context } = this.#connections;
    try {
      await consuming.withChannel((channel) =>
        channel.assertQueue(name, { durable: true, arguments: waitQueueArguments(this.#names) }),
      );
      this.#connections.waitQueues.exists(name);
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
