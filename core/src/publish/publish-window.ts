import { afterThis } from "../base/turns.ts";
import type { Capabilities } from "../contract/capabilities.ts";
import type { Clock, TimerHandle } from "../base/clock.ts";
import { Deque } from "../base/deque.ts";
import type { DriverPublisher } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import type { PendingPublish, PublishWindow } from "./pending-publish.ts";

export interface PublishWindowOptions {
  /** For error messages: `topic "signups"`. */
  readonly what: string;
  readonly maxPending: number;
  readonly maxWaiting: number;
  readonly timeoutMs: number;
  readonly batch: Capabilities["publishBatch"];
  readonly clock: Clock;
  /** What is wrong with the connection now; a timeout says so. @default unknown */
  readonly trouble?: (() => PubSubError | undefined) | undefined;
}

/**
 * Between callers and a driver's publisher. At most `maxPending` requests are pending; further ones wait in order, up to `maxWaiting`.
 * Requests are sent in batches by count, bytes and linger. One request per ordering key is pending at a time; when it fails, the
 * requests of that key that wait behind it reject, so that none overtakes it (C5, C6).
 */
export class BoundedPublishWindow implements PublishWindow {
  readonly #options: PublishWindowOptions;
  readonly #publisher: DriverPublisher;
  /** Pending requests in the order of admission. Settled ones stay until they are at the front. */
  readonly #order = new Deque<PendingPublish>();
  #pending = 0;
  readonly #waiting = new Deque<PendingPublish>();
  /** By ordering key: the requests that wait behind the pending one. */
  readonly #keys = new Map<string, Deque<PendingPublish>>();
  #batch: PendingPublish[] = [];
  #batchBytes = 0;
  /** When the batch has lingered long enough. */
  #batchDueMs = 0;
  #flushScheduled = false;
  #timeoutTimer: TimerHandle;
  #timeoutArmed = false;
  #emptied: (() => void)[] = [];

  constructor(publisher: DriverPublisher, options: PublishWindowOptions) {
    this.#publisher = publisher;
    this.#options = options;
  }

  get pending(): number {
    return this.#pending + this.#waiting.length;
  }

  /** Takes a request. It is answered, whatever happens. */
  admit(request: PendingPublish): void {
    if (!this.#timeoutArmed) this.#armTimeout(this.#options.timeoutMs);
    if (this.#pending < this.#options.maxPending) this.#send(request);
    else if (this.#waiting.length < this.#options.maxWaiting) this.#waiting.push(request);
    else request.reject(this.#overflow());
  }

  settled(request: PendingPublish, error: PubSubError | undefined): void {
    if (!this.#leave(request)) return;
    const key = request.orderingKey;
    if (key !== undefined) this.#keySettled(key, error);
    while (this.#waiting.length > 0 && this.#pending < this.#options.maxPending) {
      const next = this.#waiting.shift() as PendingPublish;
      if (next.awaited && !next.abandoned) this.#send(next);
    }
    if (this.#pending === 0 && this.#emptied.length > 0) for (const emptied of this.#emptied.splice(0)) emptied();
  }

  /** Resolves when every request is answered. Requests that the broker has not answered after `withinMs` are rejected. */
  async drained(withinMs: number): Promise<void> {
    this.#flush();
    const { clock } = this.#options;
    if (this.#pending > 0) {
      const timer = clock.setTimer(() => this.#giveUp(), withinMs, true);
      await new Promise<void>((resolve) => this.#emptied.push(resolve));
      clock.clearTimer(timer);
    }
    if (this.#timeoutArmed) this.#options.clock.clearTimer(this.#timeoutTimer);
    this.#timeoutArmed = false;
  }

  #send(request: PendingPublish): void {
    this.#pending += 1;
    request.admitted = true;
    this.#order.push(request);
    const key = request.orderingKey;
    if (key === undefined) return this.#addToBatch(request);
    const behind = this.#keys.get(key);
    if (behind !== undefined) return behind.push(request);
    this.#keys.set(key, new Deque());
    return this.#addToBatch(request);
  }

  #keySettled(key: string, error: PubSubError | undefined): void {
    const behind = this.#keys.get(key) as Deque<PendingPublish>;
    if (error === undefined) {
      for (let next = behind.shift(); next !== undefined; next = behind.shift()) {
        if (!next.abandoned) return this.#addToBatch(next);
        this.#dropAbandoned(next);
      }
      this.#keys.delete(key);
      return;
    }
    this.#keys.delete(key);
    const paused = new PubSubError(
      "KEY_PAUSED",
      `${this.#options.what}: an earlier publish with this ordering key failed, so this one was not sent: publish both again, in order`,
      { cause: error },
    );
    const waiting = this.#waiting.remove((request) => request.orderingKey === key);
    for (let next = behind.shift(); next !== undefined; next = behind.shift()) {
      this.#leave(next);
      next.reject(paused);
    }
    for (const next of waiting) next.reject(paused);
  }

  #addToBatch(request: PendingPublish): void {
    const { maxBytes, maxMessages, lingerMs } = this.#options.batch;
    if (this.#batchBytes + request.bytes > maxBytes && this.#batch.length > 0) this.#flush();
    this.#batch.push(request);
    this.#batchBytes += request.bytes;
    if (this.#batch.length >= maxMessages) return this.#flush();
    if (lingerMs > 0 && this.#batch.length === 1) this.#batchDueMs = this.#options.clock.monotonicNow() + lingerMs;
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    if (lingerMs === 0) afterThis(this.#flushNow);
    else this.#options.clock.setTimer(this.#flushNow, lingerMs, true);
  }

  readonly #flushNow = (): void => {
    this.#flushScheduled = false;
    // The batch of this timer may have been full and sent; the next batch has its own time.
    const leftMs =
      this.#batch.length > 0 && this.#batchDueMs > 0 ? this.#batchDueMs - this.#options.clock.monotonicNow() : 0;
    if (leftMs <= 0) return this.#flush();
    this.#flushScheduled = true;
    this.#options.clock.setTimer(this.#flushNow, leftMs, true);
  };

  #flush(): void {
    if (this.#batch.length === 0) return;
    let batch = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    for (const request of batch) {
      if (request.abandoned || !request.awaited) {
        batch = this.#withoutAbandoned(batch);
        break;
      }
      request.sent = true;
    }
    if (batch.length > 0) this.#publisher.publish(batch);
  }

  /** Drops requests whose caller aborted, or that timed out, before they were sent. */
  #withoutAbandoned(batch: readonly PendingPublish[]): PendingPublish[] {
    const kept: PendingPublish[] = [];
    for (const request of batch) {
      if (request.sent || (request.awaited && !request.abandoned)) {
        request.sent = true;
        kept.push(request);
      } else {
        this.#dropAbandoned(request);
      }
    }
    return kept;
  }

  #dropAbandoned(request: PendingPublish): void {
    request.awaited = false;
    this.settled(request, undefined);
  }

  #armTimeout(delayMs: number): void {
    this.#timeoutArmed = true;
    this.#timeoutTimer = this.#options.clock.setTimer(() => this.#expire(), delayMs);
  }

  /** Returns whether the request was pending. */
  #leave(request: PendingPublish): boolean {
    if (!request.admitted) return false;
    request.admitted = false;
    this.#pending -= 1;
    for (let first = this.#order.peek(); first !== undefined && !first.admitted; first = this.#order.peek())
      this.#order.shift();
    return true;
  }

  /** One timer for all: requests expire in the order of admission, and waiting ones came after pending ones. */
  #expire(): void {
    this.#timeoutArmed = false;
    const now = this.#options.clock.now();
    for (const queue of [this.#order, this.#waiting]) {
      for (let first = queue.peek(); first !== undefined; first = queue.peek()) {
        const { timeoutMs } = this.#options;
        const leftMs = first.startedMs + timeoutMs - now;
        // More than twice the timeout is left: the wall clock was set back. It is used because each publish reads it anyway: to read
        // a second clock costs a fiftieth of a publish in memory.
        if (first.awaited && leftMs > 0 && leftMs <= 2 * timeoutMs) return this.#armTimeout(leftMs);
        queue.shift();
        first.reject(this.#timedOut(first));
      }
    }
  }

  /** Closing stops waiting. Waiting requests first, so that none of them is sent when a place becomes free. */
  #giveUp(): void {
    for (const queue of [this.#waiting, this.#order]) {
      for (let first = queue.shift(); first !== undefined; first = queue.shift()) first.reject(this.#closed(first));
    }
  }

  #closed(request: PendingPublish): PubSubError {
    const { what } = this.#options;
    return request.sent
      ? new PubSubError("TIMEOUT", `${what}: closed before the broker confirmed, the publish may have happened`)
      : new PubSubError("CLOSED", `${what}: closed before the publish was sent`);
  }

  #timedOut(request: PendingPublish): PubSubError {
    const sent = request.sent ? "the broker did not confirm" : "it was never sent: too many publishes before it";
    const { what, timeoutMs, trouble } = this.#options;
    const text = `${what}: publish timed out after ${timeoutMs} ms, ${sent}`;
    const cause = trouble?.();
    return cause === undefined
      ? new PubSubError("TIMEOUT", text)
      : new PubSubError("TIMEOUT", `${text}: ${cause.message}`, { cause });
  }

  #overflow(): PubSubError {
    const { what, maxPending, maxWaiting } = this.#options;
    return new PubSubError(
      "RESOURCE_EXHAUSTED",
      `${what}: ${maxPending} publishes are under way and ${maxWaiting} wait; await publish() or raise publish.maxWaiting`,
    );
  }
}
