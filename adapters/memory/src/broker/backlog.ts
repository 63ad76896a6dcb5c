import { Deque } from "@anytopic/core/driver";
import { ClosedKeys } from "./closed-keys.ts";
import { DelayHeap } from "./delay-heap.ts";
import type { TopicMessage } from "./topic-message.ts";
import type { AttachedWorker } from "./free-workers.ts";

/** A topic as its subscriptions see it. */
export interface SubscribedTopic {
  readonly name: string;
  readonly ordered: boolean;
  readonly exactlyOnce: boolean;
  readonly retentionMs: number;
  /** One subscription no longer needs the message. */
  forget(message: TopicMessage): void;
}

/** Delivers a message to a worker, but not to `avoid` if there is another one. */
export type HandOut = (
  message: TopicMessage,
  attempt: number,
  avoid: AttachedWorker | undefined,
  nowMs: number,
) => void;

/** A message to redeliver, or the next one of a key. */
interface Returned {
  readonly message: TopicMessage;
  readonly attempt: number;
  /** The worker that gave it back, or whose lease ended. */
  readonly avoid: AttachedWorker | undefined;
  dueMs: number;
  order: number;
}

/**
 * The messages of one subscription that no worker has. Each is in exactly one place: `fresh` (never delivered),
 * `returned` (to redeliver, or next of its key), `delayed`, or waiting for its key.
 */
export class Backlog {
  readonly #topic: SubscribedTopic;
  readonly #handOut: HandOut;
  readonly #fresh = new Deque<TopicMessage>();
  readonly #returned = new Deque<Returned>();
  readonly #delayed = new DelayHeap<Returned>();
  readonly #closedKeys = new ClosedKeys();
  #returnedNext = true;

  constructor(topic: SubscribedTopic, handOut: HandOut) {
    this.#topic = topic;
    this.#handOut = handOut;
  }

  /** Counted on demand: nothing is counted for each message. */
  get size(): number {
    return this.#fresh.length + this.#returned.length + this.#delayed.size + this.#closedKeys.size;
  }

  /** Whether `handOutNext` has a message. */
  get isReady(): boolean {
    return this.#fresh.length > 0 || this.#returned.length > 0;
  }

  /** When `advance` next has something to do: a delayed message is due, or the oldest fresh one expires. */
  get dueMs(): number {
    const fresh = this.#fresh.peek();
    const delayed = this.#delayed.peek();
    return Math.min(
      fresh === undefined ? Number.POSITIVE_INFINITY : fresh.acceptedMs + this.#topic.retentionMs,
      delayed === undefined ? Number.POSITIVE_INFINITY : delayed.dueMs,
    );
  }

  /** How many messages could be delivered now, or wait only for an earlier one of their key. */
  get waiting(): number {
    return this.#fresh.length + this.#returned.length + this.#closedKeys.size;
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  /** When the oldest message was accepted; `Infinity` when there is none. Linear in the messages that were delivered before. */
  get oldestMs(): number {
    // One that waits for its key is younger than the message that closed it, which is returned, delayed or with a worker.
    let oldestMs = this.#fresh.peek()?.acceptedMs ?? Number.POSITIVE_INFINITY;
    for (const { message } of this.#returned) oldestMs = Math.min(oldestMs, message.acceptedMs);
    for (const { message } of this.#delayed.items) oldestMs = Math.min(oldestMs, message.acceptedMs);
    return oldestMs;
  }

  /** All of them, each key's in publish order: first the one that closed the key, then those that wait for it. */
  get messages(): readonly TopicMessage[] {
    const delivered = [...this.#returned, ...this.#delayed.items].map(({ message }) => message);
    return [...delivered, ...this.#closedKeys.waiting, ...this.#fresh];
  }

  add(message: TopicMessage): void {
    this.#fresh.push(message);
  }

  /** Takes a message back that may be redelivered at once. */
  giveBack(message: TopicMessage, attempt: number, avoid?: AttachedWorker): void {
    this.#returned.push({ message, attempt, avoid, dueMs: 0, order: 0 });
  }

  /** Takes a message back that may be redelivered at `dueMs`. */
  delay(message: TopicMessage, attempt: number, dueMs: number): void {
    message.compact();
    this.#delayed.push({ message, attempt, avoid: undefined, dueMs, order: 0 });
  }

  /** Takes the next message, a returned and a fresh one in turn. Delivers it, drops it when it has expired, or lets it wait for its key. False when there is none. */
  handOutNext(nowMs: number): boolean {
    if (this.#returned.length > 0 && (this.#returnedNext || this.#fresh.length === 0)) {
      this.#returnedNext = false;
      const { message, attempt, avoid } = this.#returned.shift() as Returned;
      if (this.#isExpired(message, nowMs)) this.finish(message);
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

  /** A message that was delivered leaves the subscription. Returns whether the next one of its key is ready now. */
  finish(message: TopicMessage): boolean {
    this.#topic.forget(message);
    const key = this.#keyOf(message);
    const next = key === undefined ? undefined : this.#closedKeys.next(key);
    if (next === undefined) return false;
    this.giveBack(next, 1);
    return true;
  }

  /** Returns the delayed messages that are due, and drops the fresh ones that have expired. */
  advance(nowMs: number): void {
    for (let head = this.#delayed.peek(); head !== undefined && head.dueMs <= nowMs; head = this.#delayed.peek()) {
      this.#delayed.pop();
      this.#returned.push(head);
    }
    for (let head = this.#fresh.peek(); head !== undefined && this.#isExpired(head, nowMs); head = this.#fresh.peek()) {
      this.#fresh.shift();
      this.#topic.forget(head);
    }
  }

  /** Drops every message. */
  clear(): void {
    for (const message of this.#fresh.remove(() => true)) this.#topic.forget(message);
    for (const { message } of this.#returned.remove(() => true)) this.#topic.forget(message);
    for (let next = this.#delayed.pop(); next !== undefined; next = this.#delayed.pop())
      this.#topic.forget(next.message);
    for (const message of this.#closedKeys.drain()) this.#topic.forget(message);
  }

  /** The ordering key, if the topic keeps order. */
  #keyOf(message: TopicMessage): string | undefined {
    return this.#topic.ordered ? message.orderingKey : undefined;
  }

  #isExpired(message: TopicMessage, nowMs: number): boolean {
    return nowMs - message.acceptedMs >= this.#topic.retentionMs;
  }
}
