import { CLOSE_GRACE_MS, type Clock, NumberWindow, PubSubError, within } from "@anytopic/core/driver";
import type { Channel, Message } from "amqplib";
import { closeWithin } from "../connection/channels.ts";

/**
 * How many settles the server passes on to a quorum queue before the first of them is applied: `SOFT_LIMIT` in
 * `rabbit_fifo_client.erl` (3.10 to 4.3, read 2026-11-22).
 */
const PASSED_ON_AT_ONCE = 32;
/** A consumer that gets nothing, on servers before 4.0; later ones know no such argument. */
const NO_CREDIT = { "x-credit": { credit: { "!": "long", value: 0 }, drain: false } };

/** A message that a session settles. */
export interface TaggedMessage {
  readonly tag: number;
  readonly native: Message;
}

/**
 * The life of one consuming channel. Delivery tags mean something on their own channel only, so every settle passes here
 * and is refused once the channel is gone.
 *
 * Acks are collected for one turn of the event loop: up to the first unsettled message they become a single
 * `basic.ack multiple`, the others go one by one.
 */
export class Session<Delivery extends TaggedMessage> {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly #queue: string;
  readonly #unsettled = new NumberWindow<Delivery>();
  #acked: number[] = [];
  /** Settles sent since the queue last answered. */
  #unanswered = 0;
  #flushing: NodeJS.Immediate | undefined;
  #open = true;
  #synced: Promise<void> | undefined;

  constructor(channel: Channel, queue: string, clock: Clock) {
    this.channel = channel;
    this.#queue = queue;
    this.clock = clock;
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
   * but in a burst it may wait in the channel yet (see `passOn`), and a channel that is lost in that moment brings the
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
    this.#unanswered += 1;
    if (how === "reject") this.channel.reject(delivery.native, true);
    else this.channel.nack(delivery.native, false, true);
    return undefined;
  }

  /** How many messages of the queue are assigned to nobody. What was assigned before has arrived before the answer. */
  async readyCount(): Promise<number> {
    return (await this.channel.checkQueue(this.#queue)).messageCount;
  }

  /** Ends the consumer: what arrives until this resolves is still ours. Never rejects. */
  async cancel(consumerTag: string, timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.flush();
    const cancelled = this.#answered(() => this.channel.cancel(consumerTag));
    await within(this.clock, timeoutMs, cancelled);
  }

  /**
   * Resolves when every settle is with the queue. Those beyond `PASSED_ON_AT_ONCE` wait in the process of their channel, and are
   * forgotten when it is closed: the messages would come again although they were acknowledged.
   * https://github.com/rabbitmq/rabbitmq-server/issues/10327 (read 2026-11-22; seen on 3.10.8 and 4.3.6: of 200 acks before a
   * close, 166 came back in most runs).
   *
   * AMQP has no answer to an ack. But a second consumer begins and ends by way of the queue's log, behind what was passed on before,
   * and by the time its end is answered the rest has been passed on, too (none of 200 in 72 runs). What such a consumer gets
   * is given back: nothing before 4.0, nor while another is the single active one; one message at most on the others, at the price
   * of an attempt on 4.0 to 4.2. Never rejects.
   */
  async passOn(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.flush();
    if (!this.#open || this.#unanswered < PASSED_ON_AT_ONCE) return;
    const passedOn = this.#answered(async () => {
      await this.channel.prefetch(1);
      const { consumerTag } = await this.channel.consume(this.#queue, () => {}, { arguments: NO_CREDIT });
      await this.channel.cancel(consumerTag);
    });
    await within(this.clock, timeoutMs, passedOn);
  }

  /** Ends the session from this side, best after `passOn`; the broker requeues what is unsettled, in order. */
  async close(timeoutMs?: number): Promise<void> {
    if (!this.#open) return;
    this.flush();
    this.#open = false;
    await closeWithin(this.clock, this.channel, timeoutMs);
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
    if (upTo > 0) {
      this.channel.ack(tagged(upTo), true);
      this.#unanswered += 1;
    }
    for (const tag of acked) {
      if (tag < firstTag) continue;
      this.channel.ack(tagged(tag), false);
      this.#unanswered += 1;
    }
  }

  /** What was sent while the answer was on its way is not among what it proves. */
  async #answered(ask: () => Promise<unknown>): Promise<void> {
    const proven = this.#unanswered;
    await ask();
    this.#unanswered -= proven;
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
