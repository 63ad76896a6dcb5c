import { CLOSE_GRACE_MS, type Clock, NumberWindow, PubSubError, within } from "@anytopic/core/driver";
import type { Channel, Message } from "amqplib";
import { askThroughQueue } from "../connection/ask-through-queue.ts";
import { closeWithin } from "../connection/channels.ts";

/** How many settles the server passes on to a quorum queue before the first is applied: `SOFT_LIMIT` in `rabbit_fifo_client.erl` (3.10 to 4.3, read 2026-11-22). */
const PASSED_ON_AT_ONCE = 32;
/**
 * The life of one consuming channel. A delivery tag is valid only on its own channel, so all settles are made here, and are
 * refused after the end of the channel.
 *
 * Acks are collected for one turn of the event loop. Those before the first unsettled message become one `basic.ack multiple`, the
 * others are sent one by one.
 */
export class Session<Delivery extends { readonly native: Message }> {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly #queue: string;
  readonly #prefetch: number;
  readonly #unsettled = new NumberWindow<Delivery>();
  #acked: number[] = [];
  /** Settles sent since the queue last answered. */
  #unanswered = 0;
  /** Settles that the server may have made itself since then. */
  #ofServer = 0;
  #flushing: NodeJS.Immediate | undefined;
  #open = true;
  #synced: Promise<void> | undefined;

  /** @param prefetch how many unsettled messages the channel may have */
  constructor(channel: Channel, queue: string, prefetch: number, clock: Clock) {
    this.channel = channel;
    this.#queue = queue;
    this.#prefetch = prefetch;
    this.clock = clock;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  track(delivery: Delivery): void {
    this.#unsettled.push(delivery);
  }

  isUnsettled(delivery: Delivery): boolean {
    return this.#open && this.#unsettled.get(tagOf(delivery)) === delivery;
  }

  /** Undefined if the ack will be sent, and a promise that rejects if the delivery is lost. */
  ack(delivery: Delivery): Promise<void> | undefined {
    if (!this.#take(delivery)) return Promise.reject(leaseLost());
    this.#acked.push(tagOf(delivery));
    this.#flushing ??= setImmediate(() => this.flush());
    return undefined;
  }

  /**
   * Like `ack`, but resolves when the broker has processed the channel past the ack. Mostly the queue has the ack by then. In a
   * burst it may still wait in the channel (see `passOn`). If the channel is lost then, the message is redelivered, and the inbox,
   * which every exactly-once topic needs here, acknowledges it without running the handler.
   */
  async ackConfirmed(delivery: Delivery): Promise<void> {
    await this.ack(delivery);
    // One request for all acks of this turn: the broker processes a channel in order.
    this.#synced ??= this.#sync();
    await this.#synced;
  }

  /** Returns the message to its queue. `reject` counts as a failed delivery on every version, `nack` only before 4.3. */
  giveBack(delivery: Delivery, how: "reject" | "nack"): Promise<void> | undefined {
    if (!this.#take(delivery)) return Promise.reject(leaseLost());
    this.#unanswered += 1;
    if (how === "reject") this.channel.reject(delivery.native, true);
    else this.channel.nack(delivery.native, false, true);
    return undefined;
  }

  /** How many messages of the queue no worker has. Messages that the broker has assigned to this one arrive before the answer. */
  async readyCount(): Promise<number> {
    return (await this.channel.checkQueue(this.#queue)).messageCount;
  }

  /** Ends the consumer. Messages that arrive before this resolves are still ours to settle. Never rejects. */
  async cancel(consumerTag: string, timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.flush();
    const cancelled = this.#answered(() => this.channel.cancel(consumerTag));
    // What was on its way to the consumer when it ended, the server returns to the queue: one settle for each message, at most.
    this.#ofServer = this.#prefetch;
    await within(this.clock, timeoutMs, cancelled);
  }

  /**
   * Resolves when the queue has every settle. Those beyond `PASSED_ON_AT_ONCE` wait in the server's process of the channel, and are
   * lost when it is closed: then messages are redelivered although they were acknowledged.
   * https://github.com/rabbitmq/rabbitmq-server/issues/10327 (read 2026-11-22; seen on 3.10.8 and 4.3.6: of 200 acks before a
   * close, 166 were lost in most runs).
   *
   * AMQP has no answer to an ack. But a second consumer begins and ends through the queue's log, after the settles that were passed on
   * before. When its end is answered, the other settles have been passed on too (none of 200 was lost in 72 runs). What such a
   * consumer gets is returned: nothing before 4.0, or while another is the single active one; otherwise at most one message, which
   * spends an attempt on 4.0 to 4.2. Never rejects.
   */
  async passOn(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.flush();
    if (!this.#open || this.#unanswered === 0 || this.#unanswered + this.#ofServer < PASSED_ON_AT_ONCE) return;
    const passedOn = this.#answered(() => askThroughQueue(this.channel, this.#queue));
    await within(this.clock, timeoutMs, passedOn);
  }

  /** Closes the channel, best after `passOn`. The broker requeues the unsettled messages, in order. */
  async close(timeoutMs?: number): Promise<void> {
    if (!this.#open) return;
    this.flush();
    this.#open = false;
    await closeWithin(this.clock, this.channel, timeoutMs);
  }

  /** To be called when the channel is lost. Its deliveries are lost with it. */
  end(): void {
    this.#open = false;
    clearImmediate(this.#flushing);
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

  /** The answer proves that the queue has the settles that were sent before the request, not later ones. */
  async #answered(ask: () => Promise<unknown>): Promise<void> {
    const proven = this.#unanswered;
    await ask();
    this.#unanswered -= proven;
  }

  #take(delivery: Delivery): boolean {
    return this.#open && this.#unsettled.take(tagOf(delivery)) === delivery;
  }

  async #sync(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.flush();
    this.#synced = undefined;
    try {
      await this.readyCount();
    } catch (cause) {
      const message = "rabbitmq: the channel was closed before the broker confirmed the ack";
      throw new PubSubError("UNAVAILABLE", message, { cause });
    }
  }
}

export function leaseLost(): PubSubError {
  return new PubSubError("LEASE_LOST", "rabbitmq: the channel of this message is lost; the message is redelivered");
}

function tagOf({ native }: { readonly native: Message }): number {
  return native.fields.deliveryTag;
}

/** The part of a message that amqplib needs for an ack. */
function tagged(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message;
}
