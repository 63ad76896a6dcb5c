import { type DeliveryOwner, Deque, HeldItems, type SubscriptionSpec } from "@anytopic/core/driver";
import { Alarm } from "./broker-time.ts";
import { ClosedKeys } from "./closed-keys.ts";
import { DelayHeap } from "./delay-heap.ts";
import { MemoryDelivery } from "./delivery.ts";
import { leaseLost, subscriptionNotFound } from "./errors.ts";
import { FreeWorkers } from "./free-workers.ts";
import { LetterBox } from "./letter-box.ts";
import { MAX_LEASE_MS, type MemoryLimits } from "./limits.ts";
import type { TopicMessage } from "./topic-message.ts";
import type { Work, WorkLoop } from "./work-loop.ts";
import type { Worker } from "./worker.ts";

/** A topic as its subscriptions see it. */
export interface SubscribedTopic {
  readonly name: string;
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  readonly retentionMs: number;
  /** A subscription has settled the message. */
  forget(message: TopicMessage): void;
}

/** A message that comes back, or the next one of a key. */
interface Pending {
  readonly message: TopicMessage;
  readonly attempt: number;
  /** The worker that gave it back or let its lease lapse: others are preferred. */
  readonly avoid: Worker | undefined;
  dueMs: number;
  order: number;
}

const DONE: Promise<void> = Promise.resolve();
/** Leases are checked again after this when the process itself was stopped, so that workers get to renew them. */
const GRACE_AFTER_PAUSE_MS = 200;

/**
 * The cursor of one subscription. A message is in exactly one place: `fresh` (never handed out), `returned` (to be
 * handed out again, or next of its key), `delayed`, waiting for its key, or out under a lease. Settling or
 * expiry takes it out of the subscription.
 */
export class MemorySubscription implements Work, DeliveryOwner<MemoryDelivery> {
  readonly name: string;
  readonly letters: LetterBox;
  queued = false;
  readonly #topic: SubscribedTopic;
  readonly #loop: WorkLoop;
  #ackDeadlineMs: number;
  readonly #fresh = new Deque<TopicMessage>();
  readonly #returned = new Deque<Pending>();
  readonly #delayed = new DelayHeap<Pending>();
  /** What is out. All leases last equally long, so that the one added last ends last. */
  readonly #leases = new HeldItems<MemoryDelivery>();
  readonly #closedKeys = new ClosedKeys();
  readonly #workers = new Set<Worker>();
  readonly #free = new FreeWorkers();
  readonly #alarm: Alarm;
  #returnedNext = true;

  constructor(topic: SubscribedTopic, spec: SubscriptionSpec, limits: MemoryLimits, loop: WorkLoop) {
    this.#topic = topic;
    this.#loop = loop;
    this.name = spec.physicalName;
    this.#ackDeadlineMs = spec.ackDeadlineMs;
    this.letters = new LetterBox(`dead letters of ${this.path}`, loop.time, limits);
    this.#alarm = new Alarm(loop.time, (nowMs, lateMs) => this.#ring(nowMs, lateMs));
  }

  get path(): string {
    return `${this.#topic.name}/${this.name}`;
  }

  get ackDeadlineMs(): number {
    return this.#ackDeadlineMs;
  }

  get workers(): number {
    return this.#workers.size;
  }

  /** Deliveries with workers. */
  get outstanding(): number {
    return this.#leases.size;
  }

  /** Running leases last as long as the new deadline says, from now. */
  changeAckDeadline(ackDeadlineMs: number): void {
    this.#ackDeadlineMs = ackDeadlineMs;
    const nowMs = this.#loop.time.now();
    for (const delivery of this.#leases.toArray()) delivery.expiresMs = nowMs + ackDeadlineMs;
    this.#setAlarm();
  }

  /** Takes a message that the topic accepted. */
  add(message: TopicMessage): void {
    message.holders += 1;
    this.#fresh.push(message);
    if (this.#free.size > 0) this.#loop.add(this);
    else if (this.#fresh.length === 1) this.#alarm.by(message.acceptedMs + this.#topic.retentionMs);
  }

  attach(worker: Worker): void {
    this.#workers.add(worker);
    if (worker.outstanding < worker.maxOutstanding) this.#offer(worker);
  }

  /** Nothing is handed to the worker any more. */
  stop(worker: Worker): void {
    this.#free.remove(worker);
  }

  /** The worker is gone; what it still has goes to others, as failed, since handlers may have started. */
  detach(worker: Worker): void {
    this.#free.remove(worker);
    this.#workers.delete(worker);
    for (const delivery of this.#leases.toArray()) {
      if (delivery.worker === worker && this.#leases.delete(delivery)) this.#giveBack(delivery, delivery.attempt + 1);
    }
  }

  work(most: number, nowMs: number): number {
    let steps = 0;
    while (steps < most && this.#free.size > 0 && this.#handOutNext(nowMs)) steps += 1;
    return steps;
  }

  /** Takes one message from its queue, hands it out or drops it or lets it wait for its key; false when there is none. */
  #handOutNext(nowMs: number): boolean {
    if (this.#returned.length > 0 && (this.#returnedNext || this.#fresh.length === 0)) {
      this.#returnedNext = false;
      const { message, attempt, avoid } = this.#returned.shift() as Pending;
      if (this.#isExpired(message, nowMs)) this.#drop(message);
      else this.#handOut(message, attempt, avoid, nowMs);
      return true;
    }
    this.#returnedNext = true;
    const message = this.#fresh.shift();
    if (message === undefined) return false;
    if (this.#isExpired(message, nowMs)) {
      this.#topic.forget(message);
    } else {
      const key = this.#keyOf(message);
      if (key === undefined || this.#closedKeys.enter(key, message)) this.#handOut(message, 1, undefined, nowMs);
    }
    return true;
  }

  #handOut(message: TopicMessage, attempt: number, avoid: Worker | undefined, nowMs: number): void {
    const worker = this.#free.take(avoid);
    const delivery = new MemoryDelivery(this, worker, message, attempt, nowMs, nowMs + this.#ackDeadlineMs);
    this.#leases.add(delivery);
    this.#alarm.by(delivery.expiresMs);
    worker.sink.deliver(delivery);
  }

  ack(delivery: MemoryDelivery): Promise<void> | undefined {
    if (!this.#leases.delete(delivery)) return this.#refuse(delivery);
    this.#drop(delivery.message);
    return this.#settled(delivery.worker);
  }

  retry(delivery: MemoryDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#leases.delete(delivery)) return this.#refuse(delivery);
    const { message } = delivery;
    const attempt = delivery.attempt + 1;
    if (delayMs > 0) {
      const { time } = this.#loop;
      message.compact();
      const dueMs = time.now() + delayMs + time.resolutionMs;
      this.#delayed.push({ message, attempt, avoid: undefined, dueMs, order: 0 });
      this.#alarm.by(dueMs);
    } else {
      this.#giveBack(delivery, attempt);
    }
    return this.#settled(delivery.worker);
  }

  release(delivery: MemoryDelivery): Promise<void> | undefined {
    if (!this.#leases.delete(delivery)) return this.#refuse(delivery);
    this.#giveBack(delivery, delivery.attempt);
    return this.#settled(delivery.worker);
  }

  /** Moves the lease to the end of the list, unless it has reached its longest. */
  renew(delivery: MemoryDelivery, nowMs: number): void {
    if (!delivery.isHeld || nowMs + this.#ackDeadlineMs > delivery.startedMs + MAX_LEASE_MS) return;
    this.#leases.delete(delivery);
    delivery.expiresMs = nowMs + this.#ackDeadlineMs;
    this.#leases.add(delivery);
  }

  /** Lets go of every message; what is out is revoked, and its settle will be refused. Tells the workers. */
  delete(): void {
    this.#alarm.cancel();
    for (const message of this.#fresh.remove(() => true)) this.#topic.forget(message);
    for (const { message } of this.#returned.remove(() => true)) this.#topic.forget(message);
    for (let next = this.#delayed.pop(); next !== undefined; next = this.#delayed.pop())
      this.#topic.forget(next.message);
    for (const message of this.#closedKeys.drain()) this.#topic.forget(message);
    // Last, when nothing is left that a revoked delivery's place could be filled with.
    for (let head = this.#leases.oldest; head !== undefined; head = this.#leases.oldest) {
      this.#revoke(head);
      this.#topic.forget(head.message);
    }
    const workers = [...this.#workers];
    for (const worker of workers) this.#free.remove(worker);
    this.#workers.clear();
    for (const worker of workers) worker.subscriptionDeleted(subscriptionNotFound(this.path));
  }

  /** The worker has one delivery less. */
  #freePlace(worker: Worker): void {
    worker.outstanding -= 1;
    if (worker.isOpen && !worker.isFree) this.#offer(worker);
  }

  /** The worker has a free place. */
  #offer(worker: Worker): void {
    this.#free.add(worker);
    if (this.#fresh.length > 0 || this.#returned.length > 0) this.#loop.add(this);
  }

  #settled(worker: Worker): Promise<void> | undefined {
    this.#freePlace(worker);
    return this.#topic.exactlyOnce ? DONE : undefined;
  }

  #refuse(delivery: MemoryDelivery): Promise<void> {
    return Promise.reject(leaseLost(`message ${delivery.id} of ${this.path}`));
  }

  /** Takes the delivery away from its worker; returns whether a handler may have started. */
  #revoke(delivery: MemoryDelivery): boolean {
    this.#leases.delete(delivery);
    const started = !delivery.worker.sink.revoke(delivery);
    this.#freePlace(delivery.worker);
    return started;
  }

  #giveBack({ message, worker }: MemoryDelivery, attempt: number): void {
    this.#returned.push({ message, attempt, avoid: worker, dueMs: 0, order: 0 });
    if (this.#free.size > 0) this.#loop.add(this);
  }

  /** A message that was handed out once leaves this subscription, and its key goes on. */
  #drop(message: TopicMessage): void {
    this.#topic.forget(message);
    const key = this.#keyOf(message);
    if (key === undefined) return;
    const next = this.#closedKeys.next(key);
    if (next === undefined) return;
    this.#returned.push({ message: next, attempt: 1, avoid: undefined, dueMs: 0, order: 0 });
    if (this.#free.size > 0) this.#loop.add(this);
  }

  /** The key that keeps the message in order. */
  #keyOf(message: TopicMessage): string | undefined {
    return this.#topic.ordered ? message.orderingKey : undefined;
  }

  #isExpired(message: TopicMessage, nowMs: number): boolean {
    return nowMs - message.acceptedMs >= this.#topic.retentionMs;
  }

  #ring(nowMs: number, lateMs: number): void {
    this.#bringDelayed(nowMs);
    for (let head = this.#fresh.peek(); head !== undefined && this.#isExpired(head, nowMs); head = this.#fresh.peek()) {
      this.#fresh.shift();
      this.#topic.forget(head);
    }
    if (lateMs < GRACE_AFTER_PAUSE_MS) this.#endLeases(nowMs);
    this.#setAlarm(nowMs + (lateMs < GRACE_AFTER_PAUSE_MS ? 0 : GRACE_AFTER_PAUSE_MS));
  }

  #bringDelayed(nowMs: number): void {
    for (let head = this.#delayed.peek(); head !== undefined && head.dueMs <= nowMs; head = this.#delayed.peek()) {
      this.#delayed.pop();
      this.#returned.push(head);
    }
    if (this.#returned.length > 0 && this.#free.size > 0) this.#loop.add(this);
  }

  #endLeases(nowMs: number): void {
    for (let head = this.#leases.oldest; head !== undefined && head.expiresMs <= nowMs; head = this.#leases.oldest) {
      const started = this.#revoke(head);
      this.#giveBack(head, started ? head.attempt + 1 : head.attempt);
    }
  }

  #setAlarm(leasesNotBeforeMs = 0): void {
    const fresh = this.#fresh.peek();
    const lease = this.#leases.oldest;
    const delayed = this.#delayed.peek();
    if (fresh !== undefined) this.#alarm.by(fresh.acceptedMs + this.#topic.retentionMs);
    if (lease !== undefined) this.#alarm.by(Math.max(lease.expiresMs, leasesNotBeforeMs));
    if (delayed !== undefined) this.#alarm.by(delayed.dueMs);
  }
}
