import { type Clock, NumberWindow, PubSubError } from "@anytopic/core/driver";
import type { Channel, Message } from "amqplib";
import { closeWithin } from "./channels.ts";
import type { Delivery } from "./delivery.ts";
import { raceTimeout } from "./race-timeout.ts";
import { SettleBurst } from "./settle-burst.ts";

const CLOSE_TIMEOUT_MS = 5000;

/**
 * The life of one consuming channel. Delivery tags mean something on their own channel only, so every settle passes here
 * and is refused once the channel is gone.
 *
 * Acks are collected for one turn of the event loop: up to the first unsettled message they become a single
 * `basic.ack multiple`, the others go one by one.
 */
export class Session {
  readonly channel: Channel;
  readonly #queue: string;
  readonly #clock: Clock;
  readonly #burst = new SettleBurst();
  readonly #unsettled = new NumberWindow<Delivery>();
  #acked: number[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #open = true;
  #synced: Promise<void> | undefined;

  constructor(channel: Channel, queue: string, clock: Clock) {
    this.channel = channel;
    this.#queue = queue;
    this.#clock = clock;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  track(delivery: Delivery): void {
    this.#unsettled.push(delivery);
  }

  isUnsettled(delivery: Delivery): boolean {
    return this.#open && this.#unsettled.get(delivery.tag) === delivery;
  }

  /** Undefined when the ack is on its way, or a rejected promise when it cannot be any more. */
  ack(delivery: Delivery): Promise<void> | undefined {
    if (!this.#take(delivery)) return leaseLost();
    this.#acked.push(delivery.tag);
    this.#flushing ??= setImmediate(() => this.flush());
    return undefined;
  }

  /**
   * Like `ack`; resolves when the broker's end of the channel has worked through it. Mostly the ack is with the queue by then,
   * but in a burst it may wait in the channel yet (see `SettleBurst`), and a channel that is lost in that moment brings the
   * message back: the inbox, without which no exactly-once topic opens here, then acknowledges it without a handler.
   */
  async ackConfirmed(delivery: Delivery): Promise<void> {
    await this.ack(delivery);
    // One question for all acks of this turn: the broker answers a channel in order.
    this.#synced ??= this.#sync();
    await this.#synced;
  }

  /** `reject` counts as a failed delivery on every version, `nack` not from 4.3 on. */
  giveBack(delivery: Delivery, how: "reject" | "nack"): Promise<void> | undefined {
    if (!this.#take(delivery)) return leaseLost();
    this.#burst.sent(1, performance.now());
    if (how === "reject") this.channel.reject(delivery.native, true);
    else this.channel.nack(delivery.native, false, true);
    return undefined;
  }

  /** How many messages of the queue are assigned to nobody. What was assigned before has arrived before the answer. */
  async readyCount(): Promise<number> {
    return (await this.channel.checkQueue(this.#queue)).messageCount;
  }

  /** Ends the consumer: what arrives until this resolves is still ours. Never rejects. */
  async cancel(consumerTag: string): Promise<void> {
    this.flush();
    const startedMs = performance.now();
    const { count } = this.#burst;
    await raceTimeout(
      this.channel.cancel(consumerTag).then(() => this.#burst.applied(count, performance.now() - startedMs)),
      CLOSE_TIMEOUT_MS,
    );
  }

  /** Ends the session from this side; the broker requeues what is unsettled, in order. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.flush();
    const openMs = this.#burst.openMs(performance.now());
    if (openMs > 0) await new Promise<void>((resolve) => this.#clock.setTimer(resolve, openMs, true));
    if (!this.#open) return;
    this.#open = false;
    await closeWithin(this.channel, CLOSE_TIMEOUT_MS);
  }

  /** The channel is gone: returns what was lost with it, oldest first. */
  end(): Delivery[] {
    this.#open = false;
    clearImmediate(this.#flushing);
    return [...this.#unsettled.items()];
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const acked = this.#acked;
    if (!this.#open || acked.length === 0) return;
    this.#acked = [];
    const firstTag = this.#unsettled.first;
    let upTo = 0;
    for (const tag of acked) if (tag < firstTag && tag > upTo) upTo = tag;
    let frames = 0;
    if (upTo > 0) {
      this.channel.ack(tagged(upTo), true);
      frames += 1;
    }
    for (const tag of acked) {
      if (tag < firstTag) continue;
      this.channel.ack(tagged(tag), false);
      frames += 1;
    }
    this.#burst.sent(frames, performance.now());
  }

  #take(delivery: Delivery): boolean {
    return this.#open && this.#unsettled.take(delivery.tag) === delivery;
  }

  async #sync(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.flush();
    this.#synced = undefined;
    try {
      await this.readyCount();
    } catch (error) {
      throw new PubSubError("UNAVAILABLE", "rabbitmq: the channel was closed before the broker confirmed the ack", {
        cause: error,
      });
    }
  }
}

export function leaseLost(): Promise<never> {
  return Promise.reject(
    new PubSubError("LEASE_LOST", "rabbitmq: the channel that this message came on is gone; it is redelivered"),
  );
}

/** All that amqplib reads of a message when it acks. */
function tagged(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message;
}
