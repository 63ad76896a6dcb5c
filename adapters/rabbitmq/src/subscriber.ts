import {
  CLOSE_GRACE_MS,
  type Clock,
  type DeliveryOwner,
  type DeliverySink,
  type DriverSubscriber,
  pause,
  PubSubError,
  retryPauseMs,
  type SubscriberOptions,
  type SubscriptionSpec,
  timeLeft,
  within,
} from "@anytopic/core/driver";
import type { ConsumeMessage } from "amqplib";
import { closeWithin } from "./connection/channels.ts";
import type { ConnectionUser } from "./connection.ts";
import { Delivery } from "./delivery.ts";
import { toPubSubError } from "./errors.ts";
import { MAX_PREFETCH } from "./limits.ts";
import { readMessage } from "./wire/read-message.ts";
import { Retries } from "./retry/retries.ts";
import { leaseLost, Session } from "./receive/session.ts";
import type { SubscriberContext } from "./receive/subscriber-context.ts";
import { Takeover } from "./ordering/takeover.ts";

const AFTER_CANCEL_MS = 200;

/**
 * One consumer, on one channel at a time.
 *
 * `attaching`: opens a channel and consumes, again and again until it works. `receiving`: has a session. `stopped`: takes
 * nothing more, settles what it has. `closed`.
 */
export class Subscriber implements DriverSubscriber, ConnectionUser, DeliveryOwner<Delivery> {
  readonly #spec: SubscriptionSpec;
  readonly #sink: DeliverySink;
  readonly #prefetch: number;
  readonly #context: SubscriberContext;
  readonly #pending = new Set<Promise<void>>();
  readonly #retries: Retries;
  readonly #clock: Clock;
  /** Ends a pause. */
  #wake = new AbortController();
  #state: "attaching" | "receiving" | "stopped" | "closed" = "attaching";
  #session: Session<Delivery> | undefined;
  #consumerTag = "";
  #failures = 0;
  #attached = false;
  #released: Delivery[] = [];
  #cancelledByUs = false;
  #connectionLost = false;

  constructor(spec: SubscriptionSpec, sink: DeliverySink, options: SubscriberOptions, context: SubscriberContext) {
    this.#spec = spec;
    this.#sink = sink;
    this.#prefetch = Math.min(options.maxOutstanding, MAX_PREFETCH);
    this.#context = context;
    this.#clock = context.driver.clock;
    this.#retries = new Retries(context, this.#what());
    context.connection.addUser(this);
  }

  /** Resolves with the first consumer; rejects when the broker says no, and waits while it says nothing. */
  async open(): Promise<void> {
    try {
      await this.#attachUntilDone();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#state === "closed") throw new PubSubError("CLOSED", `${this.#what()}: closed while it was opened`);
  }

  up(): void {
    this.#wake.abort();
  }

  down(error: PubSubError): void {
    this.#connectionLost = true;
    this.#end(this.#session, error);
  }

  extend(): void {
    // A delivery is ours for as long as its channel lives.
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    if (this.#state === "stopped" || this.#state === "closed") return;
    this.#state = "stopped";
    this.#wake.abort();
    this.#retries.end();
    const session = this.#session;
    // A single active consumer that is cancelled passes the queue on at once, over the heads of what it still holds (seen on
    // 3.10): on an ordered subscription it stays until everything is settled, and keeps to itself what comes meanwhile.
    if (session === undefined || this.#spec.topic.ordered) return;
    await session.cancel(this.#consumerTag, timeoutMs);
    this.#cancelledByUs = true;
    this.#giveBackReleased();
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "stopped";
    this.#wake.abort();
    this.#retries.end();
    this.#giveBackReleased();
    const leftMs = timeLeft(this.#clock, timeoutMs);
    await this.#settled(leftMs());
    await this.#session?.passOn(leftMs());
    // That may have brought one message more, which is given back.
    await this.#settled(leftMs());
    this.#state = "closed";
    this.#context.connection.removeUser(this);
    await this.#session?.close(leftMs());
    this.#session = undefined;
  }

  ack(delivery: Delivery): Promise<void> | undefined {
    if (this.#spec.topic.exactlyOnce) return delivery.session.ackConfirmed(delivery);
    return delivery.session.ack(delivery);
  }

  retry(delivery: Delivery, delayMs: number): Promise<void> | undefined {
    if (!delivery.session.isUnsettled(delivery)) return leaseLost();
    // With an ordering key it comes back at once, before whatever this worker does not have yet; core waits for it.
    if (delayMs <= 0 || this.#isInOrder(delivery)) return delivery.session.giveBack(delivery, "reject");
    return this.#track(this.#retries.later(delivery, delayMs));
  }

  /**
   * A message that is given back while this worker still consumes may come straight back to it, and on most servers each
   * return counts as an attempt. So releases wait for the end of the turn, to see whether the worker is being closed, and
   * then for the end of the consumer.
   */
  release(delivery: Delivery): Promise<void> | undefined {
    if (!delivery.session.isUnsettled(delivery)) return leaseLost();
    if (this.#released.length === 0) setImmediate(() => this.#state !== "stopped" && this.#giveBackReleased());
    this.#released.push(delivery);
    return undefined;
  }

  #giveBackReleased(): void {
    const released = this.#released;
    this.#released = [];
    for (const delivery of released) {
      if (!delivery.session.isUnsettled(delivery)) continue;
      // In order, it goes back with the channel; until then no other worker could have it anyway.
      if (this.#state === "stopped" && this.#spec.topic.ordered) continue;
      // The last attempt must not be spent on giving back: it goes to the end of the queue instead.
      const isLast = this.#context.server().nackCounts && delivery.attempt > this.#spec.maxRetries;
      if (isLast && !this.#isInOrder(delivery)) void this.#track(this.#requeueAtEnd(delivery)).catch(() => {});
      else void delivery.session.giveBack(delivery, "nack");
    }
  }

  #isInOrder({ orderingKey }: Delivery): boolean {
    return this.#spec.topic.ordered && orderingKey !== undefined;
  }

  async #requeueAtEnd(delivery: Delivery): Promise<void> {
    const { native, id, attempt } = delivery;
    try {
      await this.#context.sender.sendAgain(this.#context.names.queue, native, { id, attempt });
    } catch {
      await delivery.session.giveBack(delivery, "nack");
      return;
    }
    await delivery.session.ack(delivery);
  }

  async #settled(timeoutMs: number): Promise<void> {
    if (this.#pending.size > 0 && timeoutMs > 0)
      await within(this.#clock, timeoutMs, Promise.allSettled(this.#pending));
  }

  #track(settled: Promise<void>): Promise<void> {
    this.#pending.add(settled);
    const forget = (): boolean => this.#pending.delete(settled);
    settled.then(forget, forget);
    return settled;
  }

  async #attachUntilDone(): Promise<void> {
    while (this.#state === "attaching") {
      try {
        await this.#attach();
        return;
      } catch (cause) {
        if (this.#state !== "attaching") return;
        const error = toPubSubError(this.#what(), cause);
        if (!this.#attached && !error.retryable) throw error;
        this.#sink.failing(error);
        await this.#pauseAfter(error);
      }
    }
  }

  /** Until the connection is back, or for a while when the connection is not what failed. */
  #pauseAfter(error: PubSubError): Promise<void> {
    this.#failures += 1;
    if (this.#context.connection.model === undefined) return this.#pause(Number.POSITIVE_INFINITY);
    return this.#pause(retryPauseMs(this.#failures, this.#context.driver.random, error));
  }

  #pause(delayMs: number): Promise<void> {
    this.#wake = new AbortController();
    return pause(this.#clock, delayMs, this.#wake.signal);
  }

  async #attach(): Promise<void> {
    const { connection, names } = this.#context;
    const channel = await connection.openChannel();
    const session = new Session<Delivery>(channel, names.queue, this.#clock);
    let lastError: unknown;
    channel.on("error", (error) => (lastError = error));
    channel.on("close", () =>
      this.#end(session, toPubSubError(this.#what(), lastError ?? new Error("channel closed"))),
    );
    const takeover = this.#spec.topic.ordered
      ? new Takeover(session, this.#prefetch, (deliveries) => deliveries.forEach((delivery) => this.#deliver(delivery)))
      : undefined;
    // First in line, before amqplib's own listener: that one throws on what arrives after a cancel.
    channel.prependListener("delivery", (message: ConsumeMessage) => this.#receive(session, takeover, message));
    this.#session = session;
    try {
      await channel.prefetch(this.#prefetch);
      const { consumerTag } = await channel.consume(names.queue, (message) => {
        // Queue deleted, its node lost, or a consumer timeout: the next attempt to consume will tell.
        if (message === null) this.#end(session, undefined);
      });
      this.#consumerTag = consumerTag;
    } catch (error) {
      session.end();
      if (this.#session === session) this.#session = undefined;
      void closeWithin(this.#clock, channel);
      throw lastError ?? error;
    }
    if (!session.isOpen) throw new PubSubError("UNAVAILABLE", `${this.#what()}: the channel was closed`);
    if (this.#state !== "attaching") {
      await session.close();
      return;
    }
    this.#state = "receiving";
    this.#failures = 0;
    this.#attached = true;
    this.#sink.receiving(this.#connectionLost);
    this.#connectionLost = false;
  }

  #receive(session: Session<Delivery>, takeover: Takeover | undefined, message: ConsumeMessage): void {
    const decoded = readMessage(message, this.#clock.now());
    const delivery = new Delivery(message, decoded, session, this);
    session.track(delivery);
    if (takeover?.take(delivery) !== true) this.#deliver(delivery);
  }

  #deliver(delivery: Delivery): void {
    if (!delivery.session.isUnsettled(delivery)) return;
    if (this.#state === "stopped" || this.#state === "closed") {
      this.#released.push(delivery);
      if (this.#cancelledByUs) this.#giveBackReleased();
      return;
    }
    delivery.withCore = true;
    this.#sink.deliver(delivery);
  }

  /** Every end of a session that we did not ask for comes here, at least once; without an error when it is not known why. */
  #end(session: Session<Delivery> | undefined, error: PubSubError | undefined): void {
    if (session === undefined || !session.isOpen) return;
    const lost = session.end();
    void closeWithin(this.#clock, session.channel);
    if (this.#session === session) this.#session = undefined;
    this.#released = [];
    for (const delivery of lost) if (delivery.withCore) this.#sink.revoke(delivery);
    if (this.#state !== "receiving") return;
    this.#state = "attaching";
    if (error !== undefined) this.#sink.failing(error);
    void this.#attachAgain(error);
  }

  async #attachAgain(error: PubSubError | undefined): Promise<void> {
    // A consumer on a queue that is just being deleted ends the whole connection (541, seen on 4.3.6).
    if (error === undefined) await this.#pause(AFTER_CANCEL_MS);
    else if (this.#context.connection.model === undefined || !error.retryable) await this.#pauseAfter(error);
    // Rejects only before the first consumer.
    await this.#attachUntilDone();
  }

  #what(): string {
    const { name, topic } = this.#spec;
    return `rabbitmq: subscription ${JSON.stringify(`${topic.name}/${name}`)} (queue ${JSON.stringify(this.#context.names.queue)})`;
  }
}
