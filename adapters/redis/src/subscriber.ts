import {
  CLOSE_GRACE_MS,
  type DeliveryOwner,
  type DriverDelivery,
  type DriverSubscriber,
  HeldItems,
  ReceivingReports,
  timeLeft,
  within,
} from "@anytopic/core/driver";
import type { Reader } from "./connection/reader.ts";
import { RedisDelivery } from "./delivery.ts";
import { leaseLost } from "./errors.ts";
import { OrderedTaker } from "./ordering/ordered-taker.ts";
import { ReadLoop, type ReadTarget } from "./receive/read-loop.ts";
import { StreamTaker } from "./receive/stream-taker.ts";
import type { Taker } from "./receive/taker.ts";
import { TendLoop } from "./receive/tend-loop.ts";
import { WorkerScripts } from "./receive/worker-scripts.ts";
import type { WorkerPart, WorkerSetup } from "./receive/worker-setup.ts";
import { AckWriter } from "./settle/ack-writer.ts";
import { type NextOfKey, SettleBatcher } from "./settle/settle-batcher.ts";
import { type Entry, readEntry } from "./wire/entry.ts";

/** A worker on a subscription: it competes with all others. The scripts see to it that each message belongs to one. */
export class RedisSubscriber implements DriverSubscriber, DeliveryOwner<RedisDelivery>, ReadTarget {
  readonly #setup: WorkerSetup;
  readonly #scripts: WorkerScripts;
  readonly #settles: SettleBatcher;
  readonly #acks: AckWriter;
  readonly #isOrdered: boolean;
  /** Whether core waits for the answer to an ack. */
  readonly #confirms: boolean;
  readonly #reads: ReadLoop;
  readonly #tends: TendLoop;
  readonly #taker: Taker;
  /** The deliveries in core's hands. */
  readonly #held = new HeldItems<RedisDelivery>();
  /** Acks of keys that may come back with the next message of their key, which needs a place. */
  #reserved = 0;
  #stopping = false;
  #closing: Promise<void> | undefined;
  readonly #endListening: () => void;

  constructor(setup: WorkerSetup) {
    this.#setup = setup;
    const reports = new ReceivingReports<WorkerPart>(setup.sink);
    this.#scripts = new WorkerScripts(setup);
    this.#settles = new SettleBatcher(setup, this.#scripts, (next) => this.#onNext(next));
    this.#acks = new AckWriter(setup, reports);
    this.#isOrdered = setup.spec.topic.ordered;
    this.#confirms = setup.spec.topic.exactlyOnce;
    this.#taker = setup.spec.topic.ordered
      ? new OrderedTaker(setup, this.#scripts)
      : new StreamTaker(setup, this.#scripts.consumer);
    this.#reads = new ReadLoop(setup, this, reports);
    this.#tends = new TendLoop(setup, this.#scripts, reports);
    // The leases went on while nobody could renew them.
    this.#endListening = setup.connection.onReconnected(() => this.extend(this.#held.toArray()));
    this.#reads.start();
    this.#tends.by(0);
  }

  room(): number {
    return this.#setup.maxOutstanding - this.#held.size - this.#reserved;
  }

  async fetch(reader: Reader, room: number): Promise<readonly Entry[]> {
    return this.#taker.take(reader, room);
  }

  entries(entries: readonly Entry[]): void {
    for (const entry of entries) this.#deliver(entry);
  }

  async recover(): Promise<void> {
    await this.#settles.between(async () => {
      const held = this.#held.toArray().map(({ place }) => place);
      await this.#scripts.recover([...held, ...this.#settles.places(), ...this.#acks.places()]);
    });
  }

  ack(delivery: RedisDelivery): Promise<void> | undefined {
    this.#tends.ended();
    // When it was revoked: a success counts while nobody else has the message.
    if (!this.#held.delete(delivery)) return this.#settles.settle("A", delivery);
    if (this.#isOrdered && delivery.keyBytes !== undefined) return this.#ackOfKey(delivery);
    this.#reads.wake();
    if (this.#confirms || !delivery.isOfTopic) return this.#settles.settle("A", delivery);
    this.#acks.write(delivery.entryId);
    return undefined;
  }

  async retry(delivery: RedisDelivery, delayMs: number): Promise<void> {
    if (!this.#letGo(delivery)) throw leaseLost();
    this.#tends.ended();
    await this.#settles.settle("R", delivery, delayMs);
    if (delayMs > 0) this.#tends.by(delayMs);
  }

  async release(delivery: RedisDelivery, leaseEnded: boolean): Promise<void> {
    if (!this.#letGo(delivery) || leaseEnded) throw leaseLost();
    await this.#settles.settle("B", delivery);
  }

  extend(deliveries: readonly DriverDelivery[]): void {
    if (!this.#setup.connection.connected || deliveries.length === 0) return;
    void this.#extend(deliveries as readonly RedisDelivery[]);
  }

  overdueMs(): number {
    return this.#reads.overdueMs();
  }

  async stop(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#stopping = true;
    this.#settles.takesNext = false;
    this.#tends.stop();
    await this.#reads.stop(timeoutMs);
  }

  async close(timeoutMs: number = CLOSE_GRACE_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    await this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    const { connection } = this.#setup;
    const { clock } = connection.context;
    const leftMs = timeLeft(clock, timeoutMs);
    await this.stop(timeoutMs);
    if (connection.connected) {
      await within(clock, leftMs(), Promise.all([this.#settles.flushed(), this.#acks.flushed()]));
      const held = this.#held.toArray().map(({ place }) => place);
      if (connection.connected) await within(clock, leftMs(), this.#scripts.leave(held));
    }
    this.#endListening();
    this.#settles.close();
    this.#acks.close();
    for (const delivery of this.#held.toArray()) this.#held.delete(delivery);
  }

  /** The next message of the key may come back with the answer, and needs a place. */
  async #ackOfKey(delivery: RedisDelivery): Promise<void> {
    this.#reserved += 1;
    try {
      await this.#settles.settle("A", delivery);
    } finally {
      this.#reserved -= 1;
      this.#reads.wake();
    }
  }

  #onNext([tag, raw]: NextOfKey): void {
    this.#deliver(readEntry(tag, raw));
  }

  #deliver(entry: Entry): void {
    const delivery = new RedisDelivery(this, this.#setup.names, entry);
    // More than one stream can answer at once, and the worker may have stopped meanwhile.
    if (this.#stopping || this.#held.size >= this.#setup.maxOutstanding) {
      this.#settles.settle("B", delivery).catch(() => {});
      return;
    }
    this.#held.add(delivery);
    this.#setup.sink.deliver(delivery);
  }

  /** True when it was held. */
  #letGo(delivery: RedisDelivery): boolean {
    if (!this.#held.delete(delivery)) return false;
    this.#reads.wake();
    return true;
  }

  async #extend(deliveries: readonly RedisDelivery[]): Promise<void> {
    const MOST = 500;
    for (let at = 0; at < deliveries.length; at += MOST) {
      const some = deliveries.slice(at, at + MOST);
      try {
        const lost = new Set(await this.#scripts.extend(some.map(({ place }) => place)));
        if (lost.size > 0) for (const delivery of some) if (lost.has(delivery.place)) this.#revoke(delivery);
      } catch {
        // The lease ends, and a later settle is refused.
      }
    }
  }

  #revoke(delivery: RedisDelivery): void {
    if (this.#letGo(delivery)) this.#setup.sink.revoke(delivery);
  }
}
