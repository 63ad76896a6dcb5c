import { pause, timeLeft } from "@anytopic/core/driver";
import type { Connections } from "../connection/connections.ts";
import type { RabbitmqDelivery } from "../delivery.ts";
import { toPubSubError } from "../errors.ts";
import type { QueueNames } from "../names.ts";
import { WaitQueues } from "./wait-queues.ts";

/** The delayed retries of one worker. They wait in a wait queue, and in memory only while the broker takes none. */
export class Retries {
  readonly #connections: Connections;
  readonly #names: QueueNames;
  readonly #waitQueues: WaitQueues;
  readonly #what: string;
  /** Ends the waits in memory. */
  readonly #ended = new AbortController();

  /** @param what the subscription and its queue: errors begin with it */
  constructor(connections: Connections, names: QueueNames, what: string) {
    this.#connections = connections;
    this.#names = names;
    this.#waitQueues = new WaitQueues(connections, names);
    this.#what = what;
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
      if (!(await this.#storedAtLast(delivery, leftMs()))) {
        await session.giveBack(delivery, "reject");
        return;
      }
    }
    await session.ack(delivery);
  }

  /** Tries once more to store a retry whose wait was ended early; false if it is due, or cannot be stored. */
  async #storedAtLast(delivery: RabbitmqDelivery, leftMs: number): Promise<boolean> {
    if (leftMs <= 0 || !delivery.session.isUnsettled(delivery)) return false;
    return await this.#store(delivery, leftMs).then(
      () => true,
      () => false,
    );
  }

  #store({ native, id, attempt }: RabbitmqDelivery, delayMs: number): Promise<void> {
    return this.#waitQueues.send(native, { id, attempt: attempt + 1 }, delayMs);
  }
}
