import {
  type Clock,
  type DeliverySink,
  type DriverDelivery,
  type DriverSubscriber,
  keepTrying,
  ReceivingReports,
  type SubscriberOptions,
  type SubscriptionSpec,
  timeLeft,
  within,
} from "@anytopic/core/driver";
import { decodeMessage, encodeCopy } from "./codec.ts";
import type { Connection } from "./connection.ts";
import type { Channel, WireReceived } from "./connection/rpc.ts";
import { GcpDelivery } from "./delivery.ts";
import { DISCONNECT_MS } from "./limits.ts";
import { subscriptionIds } from "./names.ts";
import { CopyPublisher } from "./publish/copy-publisher.ts";
import { createSource, type Source } from "./receive/source.ts";
import { AttemptCounter } from "./retry/attempt-counter.ts";
import { mustMoveOn } from "./retry/move-on.ts";
import { extendLeases } from "./settle/extend-leases.ts";
import { Settlements, SHORTLY_SECONDS } from "./settle/settlements.ts";

/** Redriven messages that may wait here for a free place. They are requested without one, so that the idle pull occupies none. */
const MAX_PARKED = 10;
/** Several pulls share the places of a worker, if each of them gets at least so many. */
const MIN_PULL_SIZE = 25;

/** The longest pause between pulls that do not wait, in ms. Redriven messages are not urgent. */
const MAX_IDLE_PAUSE_MS = 80;
const MAX_REDRIVE_PAUSE_MS = 320;

/**
 * One worker. Pulls exactly as much as core has room for (docs/adr/041-gcp-subscriber.md). A message that comes is delivered
 * to core, or parked until there is a free place, or moves on. `Settlements` settles it.
 */
export class GcpSubscriber implements DriverSubscriber {
  readonly #connection: Connection;
  readonly #spec: SubscriptionSpec;
  readonly #sink: DeliverySink;
  readonly #maxOutstanding: number;
  readonly #channel: Channel;
  readonly #main: Source;
  readonly #redrive: Source;
  readonly #sources: readonly Source[];
  readonly #copies: CopyPublisher;
  readonly #clock: Clock;
  readonly #leaseSeconds: number;
  readonly #attempts = new AttemptCounter();
  readonly #settlements: Settlements;
  readonly #parked: GcpDelivery[] = [];
  /** Unsettled deliveries with core. */
  #outstanding = 0;
  #pumping = false;
  #stopping: Promise<void> | undefined;
  /** Set when the worker stops. Resolves when every pull has ended. */
  #pulls: Promise<unknown> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    connection: Connection,
    channel: Channel,
    spec: SubscriptionSpec,
    sink: DeliverySink,
    { maxOutstanding }: SubscriberOptions,
  ) {
    const ids = subscriptionIds(connection.options.prefix, spec);
    const project = `projects/${connection.projectId}`;
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#channel = channel;
    this.#spec = spec;
    this.#sink = sink;
    this.#maxOutstanding = maxOutstanding;
    this.#leaseSeconds = Math.ceil(spec.ackDeadlineMs / 1000);
    this.#copies = new CopyPublisher(connection, ids.redrive);
    this.#settlements = new Settlements({
      clock: this.#clock,
      spec,
      sink,
      attempts: this.#attempts,
      isStopping: () => this.#stopping !== undefined,
      pullsEnded: () => this.#pullsEnded(),
      freed: () => {
        this.#outstanding -= 1;
        this.#pumpSoon();
      },
      lost: (delivery) => this.#lose(delivery),
      takeBack: (key, behind) => this.#takeBack(key, behind),
    });
    const { maxPulls } = connection.options;
    const calls = Math.min(maxPulls, Math.max(1, Math.floor(maxOutstanding / MIN_PULL_SIZE)));
    const shared = {
      connection,
      channel,
      exactlyOnce: spec.topic.exactlyOnce,
      reports: new ReceivingReports<Source>(sink),
      received: (source: Source, messages: readonly WireReceived[]) => this.#received(source, messages),
    };
    this.#main = createSource({
      ...shared,
      subscription: `${project}/subscriptions/${ids.subscription}`,
      maxCalls: calls,
      size: Math.ceil(maxOutstanding / calls),
      maxIdlePauseMs: MAX_IDLE_PAUSE_MS,
      room: () => maxOutstanding - this.#outstanding - this.#main.puller.requested - this.#parked.length,
    });
    this.#redrive = createSource({
      ...shared,
      subscription: `${project}/subscriptions/${ids.redrive}`,
      maxCalls: 1,
      size: MAX_PARKED,
      maxIdlePauseMs: MAX_REDRIVE_PAUSE_MS,
      room: () => (this.#parked.length > 0 ? 0 : MAX_PARKED - this.#redrive.puller.requested),
    });
    this.#sources = [this.#main, this.#redrive];
  }

  /** Resolves when the subscription was read once. Waits for the connection without a limit. */
  async start(): Promise<void> {
    const { context, closed: signal } = this.#connection;
    const probe = (): Promise<void> => this.#main.puller.probe(Math.min(this.#maxOutstanding, MIN_PULL_SIZE));
    await keepTrying(probe, { ...context, waitMs: Number.POSITIVE_INFINITY, signal });
    this.#sink.receiving(false);
    this.#pump();
  }

  overdueMs(): number {
    // A place has just become free, and the next pull is about to be made.
    if (this.#pumping) return 0;
    return Math.max(this.#main.puller.overdueMs(), this.#redrive.puller.overdueMs());
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    const now = this.#clock.monotonicNow();
    const kept: GcpDelivery[] = [...this.#settlements.released(), ...this.#parked];
    for (const delivery of deliveries as readonly GcpDelivery[]) {
      if (delivery.settled) continue;
      if (delivery.leaseUntilMs > now) kept.push(delivery);
      else this.#lose(delivery);
    }
    for (const source of this.#sources) {
      const ofSource = kept.filter((delivery) => delivery.source === source);
      if (ofSource.length === 0) continue;
      void extendLeases(source, ofSource, this.#leaseSeconds, this.#clock, (lost) => this.#lose(lost));
    }
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    await this.#stopping;
  }

  /** Uses at most half of the time: a pull that is not answered must leave some for the settles. */
  async #stop(timeoutMs: number): Promise<void> {
    this.#pulls = Promise.all(this.#sources.map((source) => source.puller.stop(timeoutMs / 2)));
    await this.#pulls;
    this.#settlements.makeVisible(this.#parked.splice(0));
  }

  /**
   * Cancelling a pull whose answer is on its way costs a lease, and such a pull would receive what a closing worker releases.
   * So a release waits for the end of the pulls. Whether the worker closes is known at the end of the turn.
   */
  async #pullsEnded(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#pulls;
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeLeft(this.#clock, timeoutMs));
    await this.#closing;
  }

  async #close(leftMs: () => number): Promise<void> {
    await this.stop(leftMs());
    // What core has just released under a key comes here at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#settlements.makeReleasedVisible();
    const flushed = Promise.all(this.#sources.map((source) => source.settles.flush()));
    await within(this.#clock, leftMs() - DISCONNECT_MS, flushed);
    await this.#channel.close(Math.min(DISCONNECT_MS, leftMs()));
  }

  #received(source: Source, messages: readonly WireReceived[]): void {
    const leaseUntilMs = this.#clock.monotonicNow() + this.#leaseSeconds * 1000;
    const nowMs = this.#clock.now();
    const origin = source === this.#redrive ? "redrive" : "topic";
    this.#settlements.arriving = messages;
    for (const received of messages) {
      const decoded = decodeMessage(received.message, origin, nowMs);
      const attempt = this.#attempts.attemptOf(received, decoded.previousAttempts);
      const delivery = new GcpDelivery(this.#settlements, source, received, decoded, attempt, leaseUntilMs);
      if (this.#replacesLease(delivery)) continue;
      const { orderingKey } = delivery;
      const { messageId } = received.message;
      const earlyMs = orderingKey === undefined ? 0 : source.keyWaits.earlyByMs(orderingKey, messageId);
      if (earlyMs > 0) {
        this.#settlements.makeVisible([delivery], Math.ceil(earlyMs / 1000) + SHORTLY_SECONDS);
        continue;
      }
      source.held.set(messageId, delivery);
      if (mustMoveOn(this.#spec, received, this.#settlements.keepsKey(delivery))) void this.#moveOn(delivery);
      else this.#admit(delivery);
    }
    this.#settlements.arriving = [];
  }

  /** Whether the message is already held, under a lease that is still valid: the new lease replaces it. If it has expired, the old delivery is lost. */
  #replacesLease(delivery: GcpDelivery): boolean {
    const before = delivery.source.held.get(delivery.native.message.messageId);
    if (before === undefined) return false;
    if (before.leaseUntilMs <= this.#clock.monotonicNow() && !before.settled) {
      this.#lose(before);
      return false;
    }
    before.ackId = delivery.ackId;
    before.leaseUntilMs = delivery.leaseUntilMs;
    return true;
  }

  #admit(delivery: GcpDelivery): void {
    if (this.#outstanding >= this.#maxOutstanding) {
      this.#parked.push(delivery);
      return;
    }
    this.#outstanding += 1;
    this.#settlements.admit(delivery);
    if (this.#stopping === undefined) this.#sink.deliver(delivery);
    else void this.#settlements.release(delivery, false);
  }

  async #moveOn(delivery: GcpDelivery): Promise<void> {
    try {
      await this.#copies.publish(encodeCopy(delivery, delivery.attempt - 1));
      if (!delivery.settled) void delivery.source.settles.ack(delivery.ackId);
      this.#settlements.forget(delivery);
    } catch {
      // It can still be delivered. It is only nearer to the service's own limit.
      if (!delivery.settled) this.#admit(delivery);
    }
  }

  #lose(delivery: GcpDelivery): void {
    if (delivery.settled) return;
    const behind = this.#settlements.behind(delivery);
    const parked = this.#parked.indexOf(delivery);
    if (parked >= 0) this.#parked.splice(parked, 1);
    this.#revoke(delivery);
    if (this.#settlements.keepsKey(delivery)) this.#takeBack(delivery.orderingKey as string, behind, parked);
  }

  /**
   * A message of this key was lost, and will come again here or at another worker. Those behind it would start before it, so
   * the service gets them back: it delivers them after it. `from`: where those of the key begin that are parked.
   */
  #takeBack(key: string, behind: readonly GcpDelivery[], from = 0): void {
    for (const delivery of behind) this.#revoke(delivery);
    const parked = this.#parked.filter((delivery, index) => index >= from && delivery.orderingKey === key);
    for (const delivery of parked) this.#parked.splice(this.#parked.indexOf(delivery), 1);
    this.#settlements.makeVisible([...behind, ...parked]);
  }

  #revoke(delivery: GcpDelivery): void {
    this.#settlements.forget(delivery);
    if (!delivery.withCore) return;
    delivery.lost = true;
    this.#settlements.leave(delivery);
    this.#sink.revoke(delivery);
  }

  /** Settles come in bursts: one call at the end of the turn serves all of them. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#stopping !== undefined) return;
    while (this.#parked.length > 0 && this.#outstanding < this.#maxOutstanding) {
      this.#admit(this.#parked.shift() as GcpDelivery);
    }
    for (const source of this.#sources) source.puller.pump();
  }
}
