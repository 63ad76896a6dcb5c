import {
  type DeliveryOwner,
  HeldItems,
  type SubscriptionSpec,
  type SubscriptionStatistics,
} from "@anytopic/core/driver";
import { Backlog, type SubscribedTopic } from "./backlog.ts";
import { Alarm } from "./broker-time.ts";
import { MemoryDelivery } from "../delivery.ts";
import { leaseLost, notFound } from "../errors.ts";
import { FreeWorkers } from "./free-workers.ts";
import { LetterBox } from "./letter-box.ts";
import { MAX_LEASE_MS, type MemoryLimits } from "../limits.ts";
import type { TopicMessage } from "./topic-message.ts";
import type { Work, WorkLoop } from "./work-loop.ts";
import type { AttachedWorker } from "./free-workers.ts";

const DONE: Promise<void> = Promise.resolve();
/** When the process itself was stopped, leases are checked again only after this, so that workers can renew them first. */
const GRACE_AFTER_PAUSE_MS = 200;

/** What a subscription contains now. */
export interface MemorySubscriptionStatistics {
  readonly topic: string;
  readonly subscription: string;
  readonly workers: number;
  /** Messages that are not settled: with workers, to be delivered, or waiting for a retry or for their key. */
  readonly unsettled: number;
  /** Deliveries with workers. */
  readonly outstanding: number;
  readonly deadLetters: number;
}

/** The cursor of one subscription. It delivers the backlog to its workers, with a lease for each delivery, until each message is settled or expires. */
export class MemorySubscription implements Work, DeliveryOwner<MemoryDelivery> {
  readonly name: string;
  /** Names it in errors. */
  readonly path: string;
  readonly letters: LetterBox;
  queued = false;
  readonly #topic: SubscribedTopic;
  readonly #loop: WorkLoop;
  #ackDeadlineMs: number;
  readonly #backlog: Backlog;
  /** The deliveries with workers. All leases last equally long, so the one added last ends last. */
  readonly #leases = new HeldItems<MemoryDelivery>();
  readonly #workers = new Set<AttachedWorker>();
  readonly #free = new FreeWorkers();
  readonly #alarm: Alarm;

  constructor(topic: SubscribedTopic, spec: SubscriptionSpec, limits: MemoryLimits, loop: WorkLoop) {
    this.#topic = topic;
    this.#loop = loop;
    this.name = spec.physicalName;
    this.path = `${topic.name}/${this.name}`;
    this.#ackDeadlineMs = spec.ackDeadlineMs;
    this.letters = new LetterBox(`dead letters of ${this.path}`, loop.time, limits);
    this.#alarm = new Alarm(loop.time, (nowMs, lateMs) => this.#ring(nowMs, lateMs));
    this.#backlog = new Backlog(topic, (message, attempt, avoid, nowMs) => {
      const worker = this.#free.take(avoid);
      const delivery = new MemoryDelivery(this, worker, message, attempt, nowMs, nowMs + this.#ackDeadlineMs);
      this.#leases.add(delivery);
      this.#alarm.by(delivery.expiresMs);
      worker.sink.deliver(delivery);
    });
  }

  get ackDeadlineMs(): number {
    return this.#ackDeadlineMs;
  }

  statistics(): MemorySubscriptionStatistics {
    return {
      topic: this.#topic.name,
      subscription: this.name,
      workers: this.#workers.size,
      unsettled: this.#backlog.size + this.#leases.size,
      outstanding: this.#leases.size,
      deadLetters: this.letters.size,
    };
  }

  /** For `PubSub.stats`. */
  counts(): SubscriptionStatistics {
    const nowMs = this.#loop.time.now();
    // What is due now is no longer delayed, although its timer may be late.
    this.#backlog.advance(nowMs);
    this.#wake();
    let oldestMs = this.#backlog.oldestMs;
    for (const { message } of this.#leases.toArray()) oldestMs = Math.min(oldestMs, message.acceptedMs);
    return {
      waiting: this.#backlog.waiting,
      inFlight: this.#leases.size,
      delayed: this.#backlog.delayed,
      oldestAgeMs: Math.max(0, nowMs - Math.min(oldestMs, nowMs)),
      deadLetters: this.letters.size,
    };
  }

  /** The messages that are not settled, each key's in publish order. */
  get unsettled(): readonly TopicMessage[] {
    return [...this.#leases.toArray().map(({ message }) => message), ...this.#backlog.messages];
  }

  /** Running leases end after the new deadline, counted from now. */
  changeAckDeadline(ackDeadlineMs: number): void {
    this.#ackDeadlineMs = ackDeadlineMs;
    const nowMs = this.#loop.time.now();
    for (const delivery of this.#leases.toArray()) delivery.expiresMs = nowMs + ackDeadlineMs;
    this.#setAlarm();
  }

  /** Adds a message that the topic accepted. */
  add(message: TopicMessage): void {
    message.holders += 1;
    this.#backlog.add(message);
    if (this.#free.size > 0) this.#loop.add(this);
    else this.#alarm.by(message.acceptedMs + this.#topic.retentionMs);
  }

  /** Drops every message that is not settled, takes back what workers have, and goes on with `messages`. Later settles of what workers had reject. */
  startAgain(messages: readonly TopicMessage[]): void {
    // First, since some may be in the backlog alone.
    for (const message of messages) message.holders += 1;
    this.#backlog.clear();
    const former = this.#leases.toArray();
    for (const delivery of former) this.#leases.delete(delivery);
    for (const { sink } of this.#workers) sink.revokeAll("seek");
    for (const { message, worker } of former) {
      this.#topic.forget(message);
      this.#freePlace(worker);
    }
    for (const message of messages) this.#backlog.add(message);
    this.#wake();
    this.#setAlarm();
  }

  attach(worker: AttachedWorker): void {
    this.#workers.add(worker);
    if (worker.outstanding < worker.maxOutstanding) this.#free.add(worker);
    this.#wake();
  }

  /** The worker gets no more messages. */
  stop(worker: AttachedWorker): void {
    this.#free.remove(worker);
  }

  /** The worker has closed. Its unsettled deliveries go to others as failed attempts, since their handlers may have started. */
  detach(worker: AttachedWorker): void {
    this.#free.remove(worker);
    this.#workers.delete(worker);
    for (const delivery of this.#leases.toArray()) {
      if (delivery.worker === worker && this.#leases.delete(delivery)) this.#giveBack(delivery, delivery.attempt + 1);
    }
    this.#wake();
  }

  work(most: number, nowMs: number): number {
    let steps = 0;
    while (steps < most && this.#free.size > 0 && this.#backlog.handOutNext(nowMs)) steps += 1;
    return steps;
  }

  ack(delivery: MemoryDelivery): Promise<void> | undefined {
    if (!this.#leases.delete(delivery)) return this.#refuse(delivery);
    const { message, worker } = delivery;
    const nextIsReady = this.#backlog.finish(message);
    worker.outstanding -= 1;
    // Every message passes here. If the worker was free before, what was ready then is already in the work loop.
    if (nextIsReady || !worker.isFree) this.#offer(worker);
    return this.#topic.exactlyOnce ? DONE : undefined;
  }

  retry(delivery: MemoryDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#leases.delete(delivery)) return this.#refuse(delivery);
    if (delayMs > 0) {
      const { time } = this.#loop;
      const dueMs = time.now() + delayMs + time.resolutionMs;
      this.#backlog.delay(delivery.message, delivery.attempt + 1, dueMs);
      this.#alarm.by(dueMs);
    } else {
      this.#giveBack(delivery, delivery.attempt + 1);
    }
    return this.#settled(delivery);
  }

  release(delivery: MemoryDelivery): Promise<void> | undefined {
    if (!this.#leases.delete(delivery)) return this.#refuse(delivery);
    this.#giveBack(delivery, delivery.attempt);
    return this.#settled(delivery);
  }

  /** Moves the lease to the end of the list, unless it has lasted as long as it may. */
  renew(delivery: MemoryDelivery, nowMs: number): void {
    if (!delivery.isHeld || nowMs + this.#ackDeadlineMs > delivery.startedMs + MAX_LEASE_MS) return;
    this.#leases.delete(delivery);
    delivery.expiresMs = nowMs + this.#ackDeadlineMs;
    this.#leases.add(delivery);
  }

  /** Drops every message, revokes what workers have, and tells the workers. Later settles reject. */
  delete(): void {
    this.#alarm.cancel();
    // First, since each revoked delivery frees a place, which no other message may take.
    this.#backlog.clear();
    for (let head = this.#leases.oldest; head !== undefined; head = this.#leases.oldest) {
      this.#revoke(head);
      this.#freePlace(head.worker);
      this.#topic.forget(head.message);
    }
    const workers = [...this.#workers];
    for (const worker of workers) this.#free.remove(worker);
    this.#workers.clear();
    for (const worker of workers) worker.subscriptionDeleted(notFound(`subscription ${this.path}`));
  }

  #settled({ worker }: MemoryDelivery): Promise<void> | undefined {
    this.#freePlace(worker);
    return this.#topic.exactlyOnce ? DONE : undefined;
  }

  #refuse(delivery: MemoryDelivery): Promise<void> {
    return Promise.reject(leaseLost(`message ${delivery.id} of ${this.path}`));
  }

  /** Takes the delivery away from its worker; returns whether a handler may have started. */
  #revoke(delivery: MemoryDelivery): boolean {
    this.#leases.delete(delivery);
    return !delivery.worker.sink.revoke(delivery);
  }

  #giveBack({ message, worker }: MemoryDelivery, attempt: number): void {
    this.#backlog.giveBack(message, attempt, worker);
  }

  #freePlace(worker: AttachedWorker): void {
    worker.outstanding -= 1;
    this.#offer(worker);
  }

  #offer(worker: AttachedWorker): void {
    if (worker.isOpen) this.#free.add(worker);
    this.#wake();
  }

  #wake(): void {
    if (!this.queued && this.#free.size > 0 && this.#backlog.isReady) this.#loop.add(this);
  }

  #ring(nowMs: number, lateMs: number): void {
    const wasPaused = lateMs >= GRACE_AFTER_PAUSE_MS;
    this.#backlog.advance(nowMs);
    this.#wake();
    if (!wasPaused) this.#endLeases(nowMs);
    this.#setAlarm(wasPaused ? nowMs + GRACE_AFTER_PAUSE_MS : nowMs);
  }

  #endLeases(nowMs: number): void {
    for (let head = this.#leases.oldest; head !== undefined && head.expiresMs <= nowMs; head = this.#leases.oldest) {
      const started = this.#revoke(head);
      this.#giveBack(head, started ? head.attempt + 1 : head.attempt);
      this.#freePlace(head.worker);
    }
  }

  #setAlarm(leasesNotBeforeMs = 0): void {
    this.#alarm.by(this.#backlog.dueMs);
    const lease = this.#leases.oldest;
    if (lease !== undefined) this.#alarm.by(Math.max(lease.expiresMs, leasesNotBeforeMs));
  }
}
