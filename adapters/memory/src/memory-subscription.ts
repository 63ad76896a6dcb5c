import type { SubscriptionSpec } from "@anytopic/core/driver";
import { Alarm } from "./broker-time.ts";
import { DelayHeap } from "./delay-heap.ts";
import { MemoryDelivery } from "./delivery.ts";
import { Deque } from "./deque.ts";
import { leaseLost } from "./errors.ts";
import { FreeWorkers } from "./free-workers.ts";
import { KeyLanes, type KeyLane } from "./key-lanes.ts";
import { LeaseList } from "./lease-list.ts";
import { LetterBox } from "./letter-box.ts";
import { MAX_LEASE_MS } from "./limits.ts";
import type { MemoryTopic } from "./memory-topic.ts";
import type { TopicMessage } from "./topic-message.ts";
import type { MemorySubscriber } from "./subscriber.ts";
import type { Work } from "./work-loop.ts";

/** A message that comes back, or the next one of a key. */
interface Pending {
  readonly message: TopicMessage;
  readonly attempt: number;
  readonly lane: KeyLane | undefined;
  /** The worker that gave it back or let its lease lapse: others are preferred. */
  readonly avoid: MemorySubscriber | undefined;
  dueMs: number;
  order: number;
}

const DONE: Promise<void> = Promise.resolve();
/** Leases are checked again after this when the process itself was stopped, so that workers get to renew them. */
const GRACE_AFTER_PAUSE_MS = 200;

/**
 * The cursor of one subscription. A message is in exactly one place: `fresh` (never handed out), `returned` (to be
 * handed out again, or next of its key), `delayed`, waiting in its key's lane, or out under a lease. Settling or
 * expiry takes it out of the subscription.
 */
export class MemorySubscription implements Work {
  readonly topic: MemoryTopic;
  readonly name: string;
  readonly letters: LetterBox;
  queued = false;
  #ackDeadlineMs: number;
  readonly #fresh = new Deque<TopicMessage>();
  readonly #returned = new Deque<Pending>();
  readonly #delayed = new DelayHeap<Pending>();
  readonly #leases = new LeaseList();
  readonly #lanes = new KeyLanes();
  readonly #workers = new Set<MemorySubscriber>();
  readonly #free = new FreeWorkers();
  readonly #alarm: Alarm;
  #returnedNext = true;

  constructor(topic: MemoryTopic, spec: SubscriptionSpec) {
    this.topic = topic;
    this.name = spec.physicalName;
    this.#ackDeadlineMs = spec.ackDeadlineMs;
    this.letters = new LetterBox(`dead letters of ${this.path}`, topic.broker);
    this.#alarm = new Alarm(topic.broker.time, (nowMs, lateMs) => this.#ring(nowMs, lateMs));
  }

  get path(): string {
    return `${this.topic.name}/${this.name}`;
  }

  get ackDeadlineMs(): number {
    return this.#ackDeadlineMs;
  }

  get workers(): number {
    return this.#workers.size;
  }

  /** Messages with workers. */
  get out(): number {
    return this.#leases.size;
  }

  /** Running leases last as long as the new deadline says, from now. */
  changeAckDeadline(ackDeadlineMs: number): void {
    this.#ackDeadlineMs = ackDeadlineMs;
    const nowMs = this.topic.broker.time.now();
    for (const delivery of this.#leases) delivery.expiresMs = nowMs + ackDeadlineMs;
    this.#setAlarm();
  }

  /** Takes a message that the topic accepted. */
  add(message: TopicMessage): void {
    message.holders += 1;
    this.#fresh.push(message);
    if (this.#free.size > 0) this.topic.broker.loop.add(this);
    else if (this.#fresh.size === 1) this.#alarm.by(message.acceptedMs + this.topic.retentionMs);
  }

  attach(worker: MemorySubscriber): void {
    this.#workers.add(worker);
    if (worker.outstanding < worker.maxOutstanding) this.offer(worker);
  }

  /** The worker has a free place. */
  offer(worker: MemorySubscriber): void {
    this.#free.add(worker);
    if (this.#fresh.size > 0 || this.#returned.size > 0) this.topic.broker.loop.add(this);
  }

  /** Nothing is handed to the worker any more. */
  stop(worker: MemorySubscriber): void {
    this.#free.remove(worker);
  }

  /** The worker is gone; what it still has goes to others, as failed, since handlers may have started. */
  detach(worker: MemorySubscriber): void {
    this.#free.remove(worker);
    this.#workers.delete(worker);
    for (const delivery of this.#leases) {
      if (delivery.worker !== worker) continue;
      this.#leases.remove(delivery);
      delivery.isOut = false;
      this.#giveBack(delivery, delivery.attempt + 1);
    }
  }

  work(most: number, nowMs: number): number {
    let steps = 0;
    while (steps < most && this.#free.size > 0 && this.#handOutNext(nowMs)) steps += 1;
    return steps;
  }

  /** Takes one message from its queue, hands it out or drops it or lets it wait for its key; false when there is none. */
  #handOutNext(nowMs: number): boolean {
    if (this.#returned.size > 0 && (this.#returnedNext || this.#fresh.size === 0)) {
      this.#returnedNext = false;
      const pending = this.#returned.shift() as Pending;
      if (this.#isExpired(pending.message, nowMs)) this.#drop(pending.message, pending.lane);
      else this.#handOut(pending.message, pending.attempt, pending.lane, pending.avoid, nowMs);
      return true;
    }
    this.#returnedNext = true;
    const message = this.#fresh.shift();
    if (message === undefined) return false;
    if (this.#isExpired(message, nowMs)) {
      this.#drop(message, undefined);
    } else if (message.orderingKey === undefined || !this.topic.ordered) {
      this.#handOut(message, 1, undefined, undefined, nowMs);
    } else {
      const lane = this.#lanes.enter(message.orderingKey, message);
      if (lane !== undefined) this.#handOut(message, 1, lane, undefined, nowMs);
    }
    return true;
  }

  #handOut(
    message: TopicMessage,
    attempt: number,
    lane: KeyLane | undefined,
    avoid: MemorySubscriber | undefined,
    nowMs: number,
  ): void {
    const worker = this.#free.take(avoid);
    const delivery = new MemoryDelivery(this, worker, message, attempt, lane, nowMs);
    this.#leases.add(delivery);
    this.#alarm.by(delivery.expiresMs);
    worker.sink.deliver(delivery);
  }

  ack(delivery: MemoryDelivery): Promise<void> | undefined {
    if (!this.#settle(delivery)) return this.#refuse(delivery);
    this.#drop(delivery.message, delivery.lane);
    delivery.worker.freePlace();
    return this.topic.exactlyOnce ? DONE : undefined;
  }

  retry(delivery: MemoryDelivery, delayMs: number): Promise<void> | undefined {
    if (!this.#settle(delivery)) return this.#refuse(delivery);
    const { message, attempt, lane } = delivery;
    if (delayMs > 0) {
      const { time } = this.topic.broker;
      message.compact();
      const dueMs = time.now() + delayMs + time.resolutionMs;
      this.#delayed.push({ message, attempt: attempt + 1, lane, avoid: undefined, dueMs, order: 0 });
      this.#alarm.by(dueMs);
    } else {
      this.#giveBack(delivery, attempt + 1);
    }
    delivery.worker.freePlace();
    return this.topic.exactlyOnce ? DONE : undefined;
  }

  release(delivery: MemoryDelivery): Promise<void> | undefined {
    if (!this.#settle(delivery)) return this.#refuse(delivery);
    this.#giveBack(delivery, delivery.attempt);
    delivery.worker.freePlace();
    return this.topic.exactlyOnce ? DONE : undefined;
  }

  /** Moves the lease to the end of the list, unless it has reached its longest. */
  renew(delivery: MemoryDelivery, nowMs: number): void {
    if (!delivery.isOut || nowMs + this.#ackDeadlineMs > delivery.startedMs + MAX_LEASE_MS) return;
    this.#leases.remove(delivery);
    delivery.expiresMs = nowMs + this.#ackDeadlineMs;
    this.#leases.add(delivery);
  }

  /** Lets go of every message; what is out is revoked, and its settle will be refused. Returns the workers it had. */
  delete(): readonly MemorySubscriber[] {
    this.#alarm.cancel();
    for (const delivery of this.#leases) {
      this.#revoke(delivery);
      this.topic.forget(delivery.message);
    }
    for (let next = this.#fresh.shift(); next !== undefined; next = this.#fresh.shift()) this.topic.forget(next);
    for (let next = this.#returned.shift(); next !== undefined; next = this.#returned.shift())
      this.topic.forget(next.message);
    for (let next = this.#delayed.pop(); next !== undefined; next = this.#delayed.pop())
      this.topic.forget(next.message);
    for (const message of this.#lanes.waiting()) this.topic.forget(message);
    const workers = [...this.#workers];
    for (const worker of workers) this.#free.remove(worker);
    this.#workers.clear();
    return workers;
  }

  #settle(delivery: MemoryDelivery): boolean {
    if (!delivery.isOut) return false;
    delivery.isOut = false;
    this.#leases.remove(delivery);
    return true;
  }

  #refuse(delivery: MemoryDelivery): Promise<void> {
    return Promise.reject(leaseLost(`message ${delivery.id} of ${this.path}`));
  }

  /** Takes the delivery away from its worker; returns whether a handler may have started. */
  #revoke(delivery: MemoryDelivery): boolean {
    this.#leases.remove(delivery);
    delivery.isOut = false;
    const started = !delivery.worker.sink.revoke(delivery);
    delivery.worker.freePlace();
    return started;
  }

  #giveBack(delivery: MemoryDelivery, attempt: number): void {
    const { message, lane, worker } = delivery;
    this.#returned.push({ message, attempt, lane, avoid: worker, dueMs: 0, order: 0 });
    if (this.#free.size > 0) this.topic.broker.loop.add(this);
  }

  /** The message leaves this subscription, and its key goes on. */
  #drop(message: TopicMessage, lane: KeyLane | undefined): void {
    this.topic.forget(message);
    if (lane === undefined) return;
    const next = this.#lanes.next(lane);
    if (next === undefined) return;
    this.#returned.push({ message: next, attempt: 1, lane, avoid: undefined, dueMs: 0, order: 0 });
    if (this.#free.size > 0) this.topic.broker.loop.add(this);
  }

  #isExpired(message: TopicMessage, nowMs: number): boolean {
    return nowMs - message.acceptedMs >= this.topic.retentionMs;
  }

  #ring(nowMs: number, lateMs: number): void {
    this.#bringDelayed(nowMs);
    for (let head = this.#fresh.peek(); head !== undefined && this.#isExpired(head, nowMs); head = this.#fresh.peek()) {
      this.#fresh.shift();
      this.#drop(head, undefined);
    }
    if (lateMs < GRACE_AFTER_PAUSE_MS) this.#endLeases(nowMs);
    this.#setAlarm(nowMs + (lateMs < GRACE_AFTER_PAUSE_MS ? 0 : GRACE_AFTER_PAUSE_MS));
  }

  #bringDelayed(nowMs: number): void {
    for (let head = this.#delayed.peek(); head !== undefined && head.dueMs <= nowMs; head = this.#delayed.peek()) {
      this.#delayed.pop();
      this.#returned.push(head);
    }
    if (this.#returned.size > 0 && this.#free.size > 0) this.topic.broker.loop.add(this);
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
    if (fresh !== undefined) this.#alarm.by(fresh.acceptedMs + this.topic.retentionMs);
    if (lease !== undefined) this.#alarm.by(Math.max(lease.expiresMs, leasesNotBeforeMs));
    if (delayed !== undefined) this.#alarm.by(delayed.dueMs);
  }
}
