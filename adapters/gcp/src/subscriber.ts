import {
  CLOSE_GRACE_MS,
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
import { Attempts } from "./retry/attempts.ts";
import { decode, encodeCopy } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { CopyPublisher } from "./publish/copy-publisher.ts";
import { GcpDelivery } from "./delivery.ts";
import { extendLeases } from "./settle/extend-leases.ts";
import { GOODBYE_MS } from "./limits.ts";
import { mustMoveOn } from "./retry/move-on.ts";
import { subscriptionIds } from "./names.ts";
import type { Channel, WireReceived } from "./connection/rpc.ts";
import { Settlements, SHORTLY_SECONDS } from "./settle/settlements.ts";
import { createSource, type Source } from "./receive/source.ts";

/** Redriven messages that may wait here for a place: they are asked for without one, so that they never hold one while idle. */
const MAX_PARKED = 10;
/** A pull asks for at most this share of all places, so that several can be under way. */
const MIN_PULL_SIZE = 25;

/** How long pulls that do not wait may pause, in ms. Redriving has no hurry. */
const MAX_IDLE_PAUSE_MS = 80;
const MAX_REDRIVE_PAUSE_MS = 320;

/**
 * One worker. Pulls exactly as much as core has room for (docs/adr/041-gcp-subscriber.md). What comes is handed to core,
 * waits for a place, or moves on; how it ends is for `Settlements`.
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
  readonly #leaseMs: number;
  readonly #leaseSeconds: number;
  readonly #attempts = new Attempts();
  readonly #settlements: Settlements;
  readonly #parked: GcpDelivery[] = [];
  /** Unsettled deliveries with core. */
  #outstanding = 0;
  #pumping = false;
  #stopping: Promise<void> | undefined;
  /** Settled when every pull has ended, once the worker stops. */
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
    this.#leaseMs = this.#leaseSeconds * 1000;
    this.#copies = new CopyPublisher(connection, ids.redrive);
    const subscription = `${project}/subscriptions/${ids.subscription}`;
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
      subscription,
      maxCalls: calls,
      size: Math.ceil(maxOutstanding / calls),
      maxIdlePauseMs: MAX_IDLE_PAUSE_MS,
      room: () => this.#room(),
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

  /** Resolves when the subscription was read once; waits for the connection as long as it takes. */
  async start(): Promise<void> {
    const { context, closed: signal } = this.#connection;
    const probe = (): Promise<void> => this.#main.puller.probe(Math.min(this.#maxOutstanding, MIN_PULL_SIZE));
    await keepTrying(probe, { ...context, waitMs: Number.POSITIVE_INFINITY, signal });
    this.#sink.receiving(false);
    this.#pump();
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    const now = this.#clock.monotonicNow();
    const kept: GcpDelivery[] = [...this.#settlements.returned(), ...this.#parked];
    for (const delivery of deliveries as readonly GcpDelivery[]) {
      if (delivery.settled) continue;
      if (delivery.leaseUntilMs > now) kept.push(delivery);
      else this.#lose(delivery);
    }
    for (const source of this.#sources) {
      const ofSource = kept.filter((delivery) => delivery.source === source);
      if (ofSource.length > 0) void this.#extend(source, ofSource);
    }
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    await this.#stopping;
  }

  /** Uses half of the time at most: a pull that does not answer must leave some for the settles. */
  async #stop(timeoutMs: number): Promise<void> {
    this.#pulls = Promise.all(this.#sources.map((source) => source.puller.stop(timeoutMs / 2)));
    await this.#pulls;
    this.#settlements.giveBack(this.#parked.splice(0));
  }

  /**
   * A pull that is given up while its answer is on the way costs a lease. What a closing worker gives back would go into just
   * such a pull. Whether the worker is being closed shows at the end of the turn.
   */
  async #pullsEnded(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#pulls;
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(timeLeft(this.#clock, timeoutMs));
    await this.#closing;
  }

  async #close(leftMs: () => number): Promise<void> {
    await this.stop(leftMs());
    // What core has just given back under a key comes here at the end of the turn.
    await new Promise((resolve) => setImmediate(resolve));
    this.#settlements.giveBackReturned();
    const flushed = Promise.all(this.#sources.map((source) => source.settles.flush()));
    await within(this.#clock, leftMs() - GOODBYE_MS, flushed);
    await this.#channel.close(Math.min(GOODBYE_MS, leftMs()));
  }

  #received(source: Source, messages: readonly WireReceived[]): void {
    const leaseUntilMs = this.#clock.monotonicNow() + this.#leaseMs;
    const nowMs = this.#clock.now();
    const origin = source === this.#redrive ? "redrive" : "topic";
    this.#settlements.arriving = messages;
    for (const received of messages) {
      const decoded = decode(received.message, origin, nowMs);
      const attempt = this.#attempts.of(received, decoded.previousAttempts);
      const delivery = new GcpDelivery(this.#settlements, source, received, decoded, attempt, leaseUntilMs);
      if (this.#isAgain(delivery)) continue;
      const earlyMs = this.#earlyByMs(delivery);
      if (earlyMs > 0) {
        this.#settlements.giveBack([delivery], Math.ceil(earlyMs / 1000) + SHORTLY_SECONDS);
        continue;
      }
      source.held.set(received.message.messageId, delivery);
      if (mustMoveOn(this.#spec, received, this.#settlements.isKept(delivery))) void this.#moveOn(delivery);
      else this.#admit(delivery);
    }
    this.#settlements.arriving = [];
  }

  #earlyByMs({ source, native, orderingKey }: GcpDelivery): number {
    return orderingKey === undefined ? 0 : source.keyWaits.earlyByMs(orderingKey, native.message.messageId);
  }

  /** A message that is held already: under a valid lease the new one takes its place, else the old delivery is lost. */
  #isAgain(delivery: GcpDelivery): boolean {
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
      // It can still be delivered; it is only nearer to the service's own limit.
      if (!delivery.settled) this.#admit(delivery);
    }
  }

  async #extend(source: Source, deliveries: readonly GcpDelivery[]): Promise<void> {
    for (const lost of await extendLeases(source, deliveries, this.#leaseSeconds, this.#clock)) this.#lose(lost);
  }

  #lose(delivery: GcpDelivery): void {
    if (delivery.settled) return;
    this.#settlements.forget(delivery);
    const parked = this.#parked.indexOf(delivery);
    if (parked >= 0) this.#parked.splice(parked, 1);
    if (!delivery.withCore) return;
    delivery.lost = true;
    this.#settlements.leave(delivery);
    this.#sink.revoke(delivery);
  }

  #room(): number {
    return this.#maxOutstanding - this.#outstanding - this.#main.puller.requested - this.#parked.length;
  }

  /** Settles come in bursts: one look at the end of the turn serves all of them. */
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
