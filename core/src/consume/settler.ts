import type { Capabilities } from "../contract/capabilities.ts";
import type { Clock } from "../base/clock.ts";
import { type Failure, letterOf } from "../dead-letters/dead-letter-record.ts";
import type { DeadLetterReason } from "../dead-letters/dead-letter.ts";
import type { DriverDeadLetters } from "../driver.ts";
import { PubSubError } from "../base/errors.ts";
import { FirstFailures } from "./first-failures.ts";
import type { InFlight } from "./in-flight.ts";
import type { LateSuccesses } from "./late-successes.ts";
import type { Logger } from "../base/logger.ts";
import type { PubSubEvent } from "../observe/observer.ts";
import type { Outcome } from "./outcome.ts";
import { retryDelayMs, steppedDelayMs } from "../declare/retry-policy.ts";
import { RetryTimes } from "./retry-times.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import { UnstoredLetters } from "./unstored-letters.ts";

/** What the settler asks of the worker that owns the item. */
export interface SettledItems {
  /** The item is about to be settled: it is no longer held, and its place is free. */
  letGo(item: InFlight): void;
  /** It was settled for good: its key may go on, and free places be filled. */
  goOn(item: InFlight): void;
  /** Its letter was stored, or not, and its delivery was lost meanwhile: there is nothing to settle, and its place is free. */
  storedLost(item: InFlight): void;
  /** It comes back at once and is to run again after `delayMs`, before its key goes on. Must be called before the settle. */
  awaitRetry(item: InFlight, delayMs: number): void;
}

export interface SettlerOptions {
  readonly subscription: AnySubscription;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly letters: DriverDeadLetters;
  readonly lateSuccesses: LateSuccesses;
  readonly items: SettledItems;
  readonly observe: ((event: PubSubEvent) => void) | undefined;
}

/** A dead letter that could not be stored is tried again, but not in a hot loop. */
const MIN_DELAY_AFTER_FAILED_LETTER_MS = 1000;

/** Turns the outcome of an attempt into what the broker is told: ack, delayed retry, or dead letter and ack (C14 to C18). */
export class Settler {
  readonly #options: SettlerOptions;
  readonly #firstFailures = new FirstFailures();
  readonly #unstored = new UnstoredLetters();
  readonly #retryTimes = new RetryTimes();
  readonly #unconfirmed = new Set<Promise<void>>();
  readonly #path: string;

  constructor(options: SettlerOptions) {
    this.#options = options;
    this.#path = `${options.subscription.topic.name}/${options.subscription.name}`;
  }

  /** Resolves when every settle so far was confirmed or failed. */
  async flushed(): Promise<void> {
    while (this.#unconfirmed.size > 0) await Promise.allSettled(this.#unconfirmed);
  }

  /** Ends the delivery of an item. Returns the broker's confirmation, `undefined` when there will be none. */
  settle(item: InFlight, outcome: Outcome): Promise<void> | undefined {
    item.state = "settling";
    if (outcome.kind === "ack") return this.#ack(item);
    if (outcome.kind === "release") return this.#release(item, outcome.leaseEnded);
    if (outcome.kind === "reject") return this.#deadLetter(item, outcome.reason, outcome.error);
    return this.#fail(item, outcome.delayMs, outcome.error);
  }

  #ack(item: InFlight): Promise<void> | undefined {
    const { items, clock, observe } = this.#options;
    this.#firstFailures.forget(item);
    items.letGo(item);
    const confirmation = this.#tracked(item, item.delivery.owner.ack(item.delivery), true);
    if (observe !== undefined) {
      const durationMs = clock.monotonicNow() - item.startedMs;
      observe({ ...this.#event(item), type: "ack", durationMs, atMs: clock.now() });
    }
    items.goOn(item);
    return confirmation;
  }

  /** Gives back what has not started; with `leaseEnded`, what may be another's by now. */
  #release(item: InFlight, leaseEnded: boolean): Promise<void> | undefined {
    const { items, clock, observe } = this.#options;
    if (this.#heldByCore(item)) items.awaitRetry(item, 0);
    items.letGo(item);
    const confirmation = this.#tracked(item, item.delivery.owner.release(item.delivery, leaseEnded));
    observe?.({ ...this.#event(item), type: "release", atMs: clock.now() });
    items.goOn(item);
    return confirmation;
  }

  /** The attempt failed: retry by policy, or dead-letter. */
  #fail(item: InFlight, delayMs: number | undefined, error: unknown): Promise<void> | undefined {
    const { retryPolicy } = this.#options.subscription;
    if (item.attempt > retryPolicy.maxRetries) return this.#deadLetter(item, "retries-exhausted", error);
    const { nackDelay } = this.#options.capabilities;
    if (delayMs === undefined) {
      return this.#retry(item, error, retryDelayMs(retryPolicy, item.attempt, this.#options.random, nackDelay));
    }
    if (delayMs > nackDelay.maxMs) {
      const fields = { subscription: this.#path, delayMs, maxMs: nackDelay.maxMs };
      this.#options.logger.warn(
        fields,
        "RetryAfter asks for more than this adapter's longest delay, which is used instead",
      );
    }
    return this.#retry(item, error, steppedDelayMs(delayMs, nackDelay));
  }

  /** Stores a copy with the record, and only then settles the original. */
  #deadLetter(item: InFlight, reason: DeadLetterReason, error: unknown): Promise<void> {
    const nowMs = this.#options.clock.now();
    const attempts = Math.min(item.attempt, this.#options.subscription.retryPolicy.maxRetries + 1);
    const firstFailureMs = this.#firstFailures.note(item, nowMs);
    return this.#store(item, {
      reason,
      error,
      attempts,
      firstFailureMs,
      lastFailureMs: nowMs,
      subscription: this.#path,
    });
  }

  /** The message's last failure, when its letter could not be stored before: only that is to be tried again. */
  storeAgain(item: InFlight): Promise<void> | undefined {
    const failure = this.#unstored.take(item);
    return failure === undefined ? undefined : this.#store(item, failure);
  }

  async #store(item: InFlight, failure: Failure): Promise<void> {
    const { letters, clock, logger, observe } = this.#options;
    const { reason, error } = failure;
    item.state = "settling";
    // From here on only the broker decides: the handling deadline no longer applies.
    item.deadlineMs = Number.POSITIVE_INFINITY;
    item.isStoring = true;
    try {
      await letters.store(letterOf(item.delivery, failure));
      item.isStoring = false;
    } catch (thrown) {
      item.isStoring = false;
      this.#unstored.note(item, failure);
      if (isLost(item)) return this.#options.items.storedLost(item);
      const cause =
        thrown instanceof PubSubError ? thrown : new PubSubError("UNKNOWN", "dead-lettering failed", { cause: thrown });
      logger.error(
        { subscription: this.#path, id: item.id, code: cause.code },
        `dead-lettering failed, the message is kept: ${cause.message}`,
      );
      observe?.({ ...this.#event(item), type: "dead-letter-failed", error: cause, atMs: clock.now() });
      await this.#retry(item, cause, this.#delayAfterFailedLetter(item));
      return;
    }
    observe?.({ ...this.#event(item), type: "dead-letter", reason, error, atMs: clock.now() });
    if (isLost(item)) return this.#options.items.storedLost(item);
    this.#firstFailures.forget(item);
    this.#options.items.letGo(item);
    const confirmation = this.#tracked(item, item.delivery.owner.ack(item.delivery));
    this.#options.items.goOn(item);
    await confirmation;
  }

  /** How much sooner than this worker asked for a retry comes, in ms. Asked once for each delivery. */
  earlyByMs(item: InFlight): number {
    return this.#retryTimes.takeEarlyMs(item, this.#options.clock.monotonicNow());
  }

  #retry(item: InFlight, error: unknown, delayMs: number): Promise<void> | undefined {
    const { items, clock, observe } = this.#options;
    const atMs = clock.now();
    this.#firstFailures.note(item, atMs);
    const { delivery } = item;
    const held = this.#heldByCore(item) && delivery.owner.retriesAtBroker?.(delivery) !== true;
    if (held) items.awaitRetry(item, delayMs);
    else this.#retryTimes.note(item, clock.monotonicNow() + delayMs);
    items.letGo(item);
    const confirmation = this.#tracked(item, delivery.owner.retry(delivery, held ? 0 : delayMs));
    observe?.({
      ...this.#event(item),
      type: "retry",
      delayMs,
      error,
      durationMs: clock.monotonicNow() - item.startedMs,
      atMs,
    });
    items.goOn(item);
    return confirmation;
  }

  /** Whether core, not the broker, keeps the key closed until the message has come back and is due. */
  #heldByCore(item: InFlight): boolean {
    const { subscription, capabilities } = this.#options;
    return (
      capabilities.orderedRetry === "core" &&
      item.orderingKey !== undefined &&
      subscription.topic.orderingKey !== undefined
    );
  }

  #delayAfterFailedLetter(item: InFlight): number {
    const { subscription, random, capabilities } = this.#options;
    const byPolicy = retryDelayMs(subscription.retryPolicy, item.attempt, random, capabilities.nackDelay);
    return steppedDelayMs(Math.max(byPolicy, MIN_DELAY_AFTER_FAILED_LETTER_MS), capabilities.nackDelay);
  }

  #tracked(item: InFlight, confirmation: Promise<void> | undefined, succeeded = false): Promise<void> | undefined {
    if (confirmation === undefined) return undefined;
    const settled = confirmation.catch((error: unknown) => {
      if (succeeded) this.#options.lateSuccesses.add(item);
      this.#unsettled(item, error);
    });
    this.#unconfirmed.add(settled);
    const forget = (): unknown => this.#unconfirmed.delete(settled);
    settled.then(forget, forget);
    return confirmation;
  }

  /** The broker did not take the settle: the message is or will be redelivered. */
  #unsettled(item: InFlight, error: unknown): void {
    const { logger, observe, clock } = this.#options;
    const known = error instanceof PubSubError ? error : undefined;
    logger.warn(
      { subscription: this.#path, id: item.id, code: known?.code },
      `a settle did not take effect, expect a redelivery: ${known?.message}`,
    );
    observe?.({ ...this.#event(item), type: "lease-lost", error: known, atMs: clock.now() });
  }

  #event(item: InFlight): { topic: string; subscription: string; id: string; attempt: number } {
    const { subscription } = this.#options;
    return { topic: subscription.topic.name, subscription: subscription.name, id: item.id, attempt: item.attempt };
  }
}

/** A function, because the compiler does not know that the state changes while something is awaited. */
function isLost(item: InFlight): boolean {
  return item.state === "lost";
}
