import {
  CLOSE_GRACE_MS,
  type Clock,
  type DeliveryOwner,
  type DeliverySink,
  type DriverSubscriber,
  pause,
  PubSubError,
  retryPauseMs,
  type SubscriptionSpec,
  timeLeft,
  within,
} from "@anytopic/core/driver";
import type { ConsumeMessage } from "amqplib";
import { decodeMessage } from "./codec.ts";
import { closeWithin } from "./connection/channels.ts";
import type { Connections } from "./connection/connections.ts";
import type { Connection, ConnectionUser } from "./connection.ts";
import { RabbitmqDelivery } from "./delivery.ts";
import { toPubSubError } from "./errors.ts";
import { MAX_PREFETCH } from "./limits.ts";
import { type QueueNames, queueNames } from "./names.ts";
import { Takeover } from "./ordering/takeover.ts";
import { leaseLost, Session } from "./receive/session.ts";
import { Retries } from "./retry/retries.ts";

const AFTER_CANCEL_MS = 200;

/**
 * One consumer, on one channel at a time.
 *
 * `attaching`: opens a channel and consumes, and tries again until that works. `receiving`: has a session. `stopped`: takes no
 * more messages, and settles those that it has. `closed`.
 */
export class RabbitmqSubscriber implements DriverSubscriber, ConnectionUser, DeliveryOwner<RabbitmqDelivery> {
  readonly #spec: SubscriptionSpec;
  readonly #sink: DeliverySink;
  readonly #prefetch: number;
  readonly #connections: Connections;
  readonly #connection: Connection;
  readonly #names: QueueNames;
  readonly #what: string;
  readonly #pending = new Set<Promise<void>>();
  readonly #retries: Retries;
  readonly #clock: Clock;
  /** Ends a pause. */
  #wake = new AbortController();
  #state: "attaching" | "receiving" | "stopped" | "closed" = "attaching";
  #session: Session<RabbitmqDelivery> | undefined;
  #consumerTag = "";
  #failures = 0;
  #attached = false;
  #released: RabbitmqDelivery[] = [];
  #cancelledByUs = false;
  #connectionLost = false;

  /** @param connection of `connections.ofWorkers` */
  constructor(
    connections: Connections,
    connection: Connection,
    spec: SubscriptionSpec,
    sink: DeliverySink,
    maxOutstanding: number,
  ) {
    this.#connections = connections;
    this.#connection = connection;
    this.#spec = spec;
    this.#sink = sink;
    this.#prefetch = Math.min(maxOutstanding, MAX_PREFETCH);
    this.#names = queueNames(connections.options.prefix, spec);
    const name = JSON.stringify(`${spec.topic.name}/${spec.name}`);
    this.#what = `rabbitmq: subscription ${name} (queue ${JSON.stringify(this.#names.queue)})`;
    this.#clock = connections.context.clock;
    this.#retries = new Retries(connections, this.#names, this.#what);
    connection.addUser(this);
  }

  /** Resolves with the first consumer. Rejects if the broker refuses it, and tries again while the broker cannot be reached. */
  async open(): Promise<void> {
    try {
      await this.#attachUntilDone();
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#state === "closed") throw new PubSubError("CLOSED", `${this.#what}: closed while it was opened`);
  }

  up(): void {
    this.#wake.abort();
  }

  down(error: PubSubError): void {
    this.#connectionLost = true;
    this.#end(this.#session, error);
  }

  extend(): void {
    // A lease lasts as long as the channel.
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    if (this.#state === "stopped" || this.#state === "closed") return;
    this.#state = "stopped";
    this.#wake.abort();
    this.#retries.end();
    const session = this.#session;
    // If a single active consumer is cancelled, the next one gets messages at once, before the first has settled those that it holds
    // (seen on 3.10). So on an ordered subscription it stays until all are settled, and does not start what arrives meanwhile.
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
    await within(this.#clock, leftMs(), Promise.allSettled(this.#pending));
    await this.#session?.passOn(leftMs());
    // `passOn` may have brought one more message, which is released.
    await within(this.#clock, leftMs(), Promise.allSettled(this.#pending));
    this.#state = "closed";
    this.#connection.removeUser(this);
    await this.#session?.close(leftMs());
    this.#connections.ofWorkers.giveBack(this.#connection);
    this.#session = undefined;
  }

  ack(delivery: RabbitmqDelivery): Promise<void> | undefined {
    return this.#spec.topic.exactlyOnce ? delivery.session.ackConfirmed(delivery) : delivery.session.ack(delivery);
  }

  retry(delivery: RabbitmqDelivery, delayMs: number): Promise<void> | undefined {
    if (!delivery.session.isUnsettled(delivery)) return Promise.reject(leaseLost());
    // With an ordering key it is redelivered at once, before messages that this worker does not have yet; core makes the delay.
    if (delayMs <= 0 || this.#isInOrder(delivery)) return delivery.session.giveBack(delivery, "reject");
    return this.#track(this.#retries.later(delivery, delayMs));
  }

  /**
   * If this worker still consumes, it may get a released message again, and on most servers each return counts as an attempt. So
   * releases wait for the end of the turn of the event loop, and if the worker is closed by then, for the end of the consumer. On an
   * ordered subscription they are not returned: this worker delivers them again, or they return with the end of the channel.
   */
  release(delivery: RabbitmqDelivery): Promise<void> | undefined {
    if (!delivery.session.isUnsettled(delivery)) return Promise.reject(leaseLost());
    if (this.#released.length === 0) setImmediate(() => this.#state !== "stopped" && this.#giveBackReleased());
    this.#released.push(delivery);
    return undefined;
  }

  #giveBackReleased(): void {
    const released = this.#released;
    this.#released = [];
    for (const delivery of released) {
      if (!delivery.session.isUnsettled(delivery)) continue;
      if (this.#spec.topic.ordered) {
        // Until the channel ends no other worker can get it, and the broker may change the order of what it gets back: see docs/adr/021.
        this.#deliver(delivery);
        continue;
      }
      // The return must not spend the last attempt: the message goes to the end of the queue instead.
      const isLast = this.#connection.server.nackCounts && delivery.attempt > this.#spec.maxRetries;
      if (isLast) void this.#track(this.#requeueAtEnd(delivery)).catch(() => {});
      else void delivery.session.giveBack(delivery, "nack");
    }
  }

  #isInOrder({ orderingKey }: RabbitmqDelivery): boolean {
    return this.#spec.topic.ordered && orderingKey !== undefined;
  }

  async #requeueAtEnd(delivery: RabbitmqDelivery): Promise<void> {
    const { native, id, attempt } = delivery;
    try {
      await this.#connections.sender.sendAgain(this.#names.queue, native, { id, attempt });
    } catch {
      return await delivery.session.giveBack(delivery, "nack");
    }
    return await delivery.session.ack(delivery);
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
        const error = toPubSubError(cause, this.#what);
        if (!this.#attached && !error.retryable) throw error;
        this.#sink.failing(error);
        await this.#pauseAfter(error);
      }
    }
  }

  /** Until there is a connection again. If the connection did not fail, with the backoff of reconnects. */
  #pauseAfter(error: PubSubError): Promise<void> {
    this.#failures += 1;
    const { context } = this.#connections;
    if (this.#connection.model === undefined) return this.#pause(Number.POSITIVE_INFINITY);
    return this.#pause(retryPauseMs(this.#failures, context.random, error));
  }

  #pause(delayMs: number): Promise<void> {
    this.#wake = new AbortController();
    return pause(this.#clock, delayMs, this.#wake.signal);
  }

  async #attach(): Promise<void> {
    const { queue } = this.#names;
    const channel = await this.#connection.openChannel();
    const session = new Session<RabbitmqDelivery>(channel, queue, this.#prefetch, this.#clock);
    let lastError: unknown;
    channel.on("error", (error) => (lastError = error));
    channel.on("close", () => this.#end(session, toPubSubError(lastError ?? new Error("channel closed"), this.#what)));
    const takeover = this.#spec.topic.ordered
      ? new Takeover(session, this.#prefetch, (deliveries) => deliveries.forEach((delivery) => this.#deliver(delivery)))
      : undefined;
    // Before amqplib's own listener, which throws if a message arrives after a cancel.
    channel.prependListener("delivery", (message: ConsumeMessage) => {
      const delivery = new RabbitmqDelivery(this, session, message, decodeMessage(message, this.#clock.now()));
      session.track(delivery);
      if (takeover?.take(delivery) !== true) this.#deliver(delivery);
    });
    this.#session = session;
    try {
      await channel.prefetch(this.#prefetch);
      const { consumerTag } = await channel.consume(queue, (message) => {
        // The queue was deleted, its node is lost, or a consumer timeout: the next attempt to consume shows which.
        if (message === null) this.#end(session, undefined);
      });
      this.#consumerTag = consumerTag;
    } catch (error) {
      session.end();
      if (this.#session === session) this.#session = undefined;
      void closeWithin(this.#clock, channel);
      throw lastError ?? error;
    }
    if (!session.isOpen) throw new PubSubError("UNAVAILABLE", `${this.#what}: the channel was closed`);
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

  #deliver(delivery: RabbitmqDelivery): void {
    if (!delivery.session.isUnsettled(delivery)) return;
    if (this.#state === "stopped" || this.#state === "closed") {
      this.#released.push(delivery);
      if (this.#cancelledByUs) this.#giveBackReleased();
      return;
    }
    this.#sink.deliver(delivery);
  }

  /** Called at least once for every end of a session that we did not ask for. Without an error if the reason is unknown. */
  #end(session: Session<RabbitmqDelivery> | undefined, error: PubSubError | undefined): void {
    if (session === undefined || !session.isOpen) return;
    session.end();
    void closeWithin(this.#clock, session.channel);
    if (this.#session === session) this.#session = undefined;
    this.#released = [];
    // Also what core waits for: a message that was returned for its retry goes to whoever consumes next.
    this.#sink.revokeAll();
    if (this.#state !== "receiving") return;
    this.#state = "attaching";
    if (error !== undefined) this.#sink.failing(error);
    void this.#attachAgain(error);
  }

  async #attachAgain(error: PubSubError | undefined): Promise<void> {
    // A consumer on a queue that is just being deleted ends the whole connection (541, seen on 4.3.6).
    if (error === undefined) await this.#pause(AFTER_CANCEL_MS);
    else if (this.#connection.model === undefined || !error.retryable) await this.#pauseAfter(error);
    // It rejects only before the first consumer.
    await this.#attachUntilDone();
  }
}
