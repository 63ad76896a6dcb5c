import { pause, timeLeft } from "@anytopic/core/driver";
import type { Delivery } from "../delivery.ts";
import { toPubSubError } from "../errors.ts";
import type { SubscriberContext } from "../receive/subscriber-context.ts";

/** The delayed retries of one worker: stored in a wait queue, and kept in memory only while the broker takes none. */
export class Retries {
  readonly #context: SubscriberContext;
  readonly #what: string;
  /** Cuts the waits in memory short. */
  readonly #ended = new AbortController();

  /** @param what for messages: the subscription and its queue */
  constructor(context: SubscriberContext, what: string) {
    this.#context = context;
    this.#what = what;
  }

  /** Nothing waits in memory any longer: it is stored if that works by now, and given back at once if not. */
  end(): void {
    this.#ended.abort();
  }

  /** Resolves when the message is stored for its retry and acknowledged, or was given back to its queue. */
  async later(delivery: Delivery, delayMs: number): Promise<void> {
    const { clock, logger } = this.#context.driver;
    const leftMs = timeLeft(clock, delayMs);
    try {
      await this.#store(delivery, delayMs);
    } catch (error) {
      // Nobody took it, or nobody knows: keep it here for as long, or until this worker closes, and let the broker count.
      const { code } = toPubSubError(this.#what, error);
      logger.warn({ queue: this.#context.names.queue, code }, "rabbitmq: a retry cannot be stored: it waits in memory");
      await pause(clock, leftMs(), this.#ended.signal);
      if (!(await this.#storedAtLast(delivery, leftMs()))) {
        await delivery.session.giveBack(delivery, "reject");
        return;
      }
    }
    await delivery.session.ack(delivery);
  }

  /** Tries once more to store a retry whose wait was cut short; false when it is due, or cannot be stored yet. */
  async #storedAtLast(delivery: Delivery, leftMs: number): Promise<boolean> {
    if (leftMs <= 0 || !delivery.session.isUnsettled(delivery)) return false;
    return await this.#store(delivery, leftMs).then(
      () => true,
      () => false,
    );
  }

  #store({ native, id, attempt }: Delivery, delayMs: number): Promise<void> {
    return this.#context.waitQueues.send(native, id, attempt + 1, delayMs);
  }
}
