import { type DriverContext, PubSubError } from "@anytopic/core/driver";
import { ANSWER_TIMEOUT_MS, AVOID_SILENT_QUEUE_MS } from "../limits.ts";

/**
 * The wait queues of one worker that did not answer: their retries take the shared wait queue for a while.
 *
 * A node that was killed soon after it created a queue may have a queue that never answers again (3.10.8). The server says that this queue
 * runs, so only a person can know better, and delete it: a queue without a majority of its nodes looks the same, and has messages.
 */
export class SilentWaitQueues {
  readonly #context: DriverContext;
  readonly #shared: string;
  /** By the time to live of their queue; monotonic ms. */
  readonly #untilMs = new Map<number, number>();

  /** @param shared the wait queue of all delays */
  constructor(context: DriverContext, shared: string) {
    this.#context = context;
    this.#shared = shared;
  }

  isAvoided(ttlMs: number): boolean {
    const untilMs = this.#untilMs.get(ttlMs);
    if (untilMs === undefined) return false;
    const now = this.#context.clock.monotonicNow();
    if (now < untilMs) return true;
    // This one tries it. Until it has an answer, the others do not: all of them could be late.
    this.#untilMs.set(ttlMs, now + ANSWER_TIMEOUT_MS);
    return false;
  }

  /** Passes on how a message was sent to the wait queue of this time to live. */
  async watch(ttlMs: number, queue: string, sent: Promise<void>): Promise<void> {
    try {
      await sent;
    } catch (error) {
      const isSilent = error instanceof PubSubError && error.code === "TIMEOUT" && queue !== this.#shared;
      if (isSilent) this.#avoid(ttlMs, queue);
      throw error;
    }
    if (queue !== this.#shared) this.#untilMs.delete(ttlMs);
  }

  #avoid(ttlMs: number, queue: string): void {
    const { clock, logger } = this.#context;
    this.#untilMs.set(ttlMs, clock.monotonicNow() + AVOID_SILENT_QUEUE_MS);
    const [named, instead] = [JSON.stringify(queue), JSON.stringify(this.#shared)];
    logger.error(
      { queue, instead: this.#shared, forMs: AVOID_SILENT_QUEUE_MS },
      `rabbitmq: wait queue ${named} did not answer. For 10 minutes its retries take ${instead}, where a short delay can wait behind a longer one. If it does not answer while all nodes run, delete it: it is created again`,
    );
  }
}
