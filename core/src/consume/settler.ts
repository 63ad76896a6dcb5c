import { attemptInfo } from "./attempt-info.ts";
import { subscriptionPath } from "../declare/subscription.ts";
import { Confirmations } from "./confirmations.ts";
import { DeadLettering } from "./dead-lettering.ts";
import type { DriverDelivery } from "../driver.ts";
import { expiredError } from "./expired.ts";
import type { Failure } from "../dead-letters/dead-letter-record.ts";
import type { DeadLetterReason } from "../contract/dead-letter.ts";
import type { InFlight } from "./in-flight.ts";
import type { Instruments } from "../observe/instruments.ts";
import type { Outcome } from "./outcome.ts";
import type { SkipReason } from "../observe/observer.ts";
import { RememberedMessages } from "./remembered-messages.ts";
import type { RetrySchedule } from "./retry-schedule.ts";
import { reported } from "./run-handler.ts";
import type { WorkerItems } from "./worker-items.ts";
import { itemNames, type WorkerOptions } from "./worker-options.ts";

type BrokerSettle = "ack" | "retry" | "release" | "lease-ended";

/**
 * Fifth step of a delivery: its outcome becomes an ack, a delayed retry, a release, or a dead letter and an ack at the broker (C14 to
 * C18). After that the item's place is free, and the next message of its key may start.
 */
export class Settler {
  readonly #options: WorkerOptions;
  readonly #items: WorkerItems;
  readonly #schedule: RetrySchedule;
  readonly #deadLettering: DeadLettering;
  readonly #confirmations: Confirmations;
  /** When messages that are being retried failed first, in Unix ms, as far as this worker has seen it. */
  readonly #firstFailureMs = new RememberedMessages<number>(10_000);
  readonly #instruments: Instruments | undefined;
  #isClosed = false;

  constructor(options: WorkerOptions, items: WorkerItems, schedule: RetrySchedule) {
    this.#options = options;
    this.#items = items;
    this.#schedule = schedule;
    this.#instruments = options.instrumented.own;
    this.#deadLettering = new DeadLettering(options);
    this.#confirmations = new Confirmations(options);
  }

  /** Resolves when every settle so far was confirmed or failed. */
  async flushed(): Promise<void> {
    await this.#confirmations.settled();
  }

  /** What `flushed` waits for as well. Must not reject. */
  flushWith(work: Promise<void>): void {
    this.#confirmations.track(work);
  }

  /** From now on nothing is settled: the driver closes its subscriber and releases what is left. */
  close(): void {
    this.#isClosed = true;
  }

  /** The handler of a lost delivery succeeded: the broker may still accept the acknowledgement. */
  ackLost(item: InFlight): void {
    item.state = "settled";
    reported(this.#tellBroker(item, "ack"));
  }

  /** Returns the broker's confirmation; `undefined` when there is none. */
  settle(item: InFlight, outcome: Outcome): Promise<void> | undefined {
    item.state = "settling";
    item.batch?.leave(item);
    item.seen?.stop();
    if (outcome.kind === "ack") return this.#ack(item);
    if (outcome.kind === "expire") return this.#expire(item);
    if (outcome.kind === "release") return this.#release(item, outcome.leaseEnded, outcome.error);
    const { kind, error } = outcome;
    if (kind === "reject") return this.#deadLetter(item, outcome.reason, error);
    const { maxRetries } = this.#options.subscription.retryPolicy;
    if (item.attempt > maxRetries) return this.#deadLetter(item, "retries-exhausted", error);
    return this.#retry(item, error, this.#schedule.delayMs(item, outcome.delayMs));
  }

  /** Stores the letter of a message whose letter could not be stored before. `undefined` for all other messages. */
  storeAgain(item: InFlight): Promise<void> | undefined {
    const failure = this.#deadLettering.unstored(item);
    return failure === undefined ? undefined : this.#store(item, failure, undefined);
  }

  /** The subscription does not take the message: it is acknowledged, and this is no attempt. */
  skip(item: InFlight, reason: SkipReason): void {
    const { clock, observe, subscription } = this.#options;
    this.#items.letGo(item);
    reported(this.#confirmations.of(item, this.#tellBroker(item, "ack")));
    observe?.({ ...itemNames(subscription, item), type: "skipped", reason, atMs: clock.now() });
  }

  #ack(item: InFlight): Promise<void> | undefined {
    const { clock, observe, subscription } = this.#options;
    this.#forgetFailures(item);
    this.#items.letGo(item);
    const confirmation = this.#confirmations.of(item, this.#tellBroker(item, "ack"), true);
    if (observe !== undefined) {
      const durationMs = clock.monotonicNow() - item.startedMs;
      observe({ ...itemNames(subscription, item), type: "ack", durationMs, atMs: clock.now() });
    }
    item.seen?.acked();
    this.#items.goOn(item);
    return confirmation;
  }

  #expire(item: InFlight): Promise<void> | undefined {
    const { clock, observe, subscription } = this.#options;
    if (subscription.onExpired === "dead-letter") {
      const attempts = Math.min(item.attempt - 1, subscription.retryPolicy.maxRetries + 1);
      const failure = this.#failureOf(item, "expired", expiredError(item.expiresAt), attempts);
      return this.#store(item, failure, undefined);
    }
    this.#forgetFailures(item);
    this.#items.letGo(item);
    const confirmation = this.#confirmations.of(item, this.#tellBroker(item, "ack"));
    observe?.({ ...itemNames(subscription, item), type: "skipped", reason: "expired", atMs: clock.now() });
    item.seen?.acked();
    this.#items.goOn(item);
    return confirmation;
  }

  #release(item: InFlight, leaseEnded: boolean, error: unknown): Promise<void> | undefined {
    const { clock, observe, subscription } = this.#options;
    if (this.#schedule.isHeldByCore(item)) this.#items.awaitRetry(item, 0);
    this.#items.letGo(item);
    const confirmation = this.#confirmations.of(item, this.#tellBroker(item, leaseEnded ? "lease-ended" : "release"));
    observe?.({ ...itemNames(subscription, item), type: "release", atMs: clock.now() });
    item.seen?.released(error);
    this.#items.goOn(item);
    return confirmation;
  }

  #retry(item: InFlight, error: unknown, delayMs: number): Promise<void> | undefined {
    const { clock, observe, subscription } = this.#options;
    const atMs = clock.now();
    this.#noteFailure(item, atMs);
    const held = this.#schedule.isHeldByCore(item) && item.delivery.owner.retriesAtBroker?.(item.delivery) !== true;
    if (held) this.#items.awaitRetry(item, delayMs);
    else this.#schedule.note(item, delayMs);
    this.#items.letGo(item);
    const confirmation = this.#confirmations.of(item, this.#tellBroker(item, "retry", held ? 0 : delayMs));
    if (observe !== undefined) {
      const durationMs = clock.monotonicNow() - item.startedMs;
      observe({ ...itemNames(subscription, item), type: "retry", delayMs, error, durationMs, atMs });
    }
    item.seen?.retried(delayMs, error);
    this.#items.goOn(item);
    return confirmation;
  }

  #deadLetter(item: InFlight, reason: DeadLetterReason, error: unknown): Promise<void> {
    const { clock, subscription } = this.#options;
    const attempts = Math.min(item.attempt, subscription.retryPolicy.maxRetries + 1);
    const failure = this.#failureOf(item, reason, error, attempts);
    return this.#store(item, failure, clock.monotonicNow() - item.startedMs);
  }

  #failureOf(item: InFlight, reason: DeadLetterReason, error: unknown, attempts: number): Failure {
    const lastFailureMs = this.#options.clock.now();
    const firstFailureMs = this.#noteFailure(item, lastFailureMs);
    const subscription = subscriptionPath(this.#options.subscription);
    return { reason, error, attempts, firstFailureMs, lastFailureMs, subscription };
  }

  /** Stores the letter first, then acknowledges the message. `durationMs`: of the attempt that failed here. */
  async #store(item: InFlight, failure: Failure, durationMs: number | undefined): Promise<void> {
    item.state = "settling";
    item.batch?.leave(item);
    const failed = await this.#deadLettering.store(item, failure, durationMs);
    if (failed === undefined) item.seen?.deadLettered(failure.reason, failure.error);
    // A lost delivery is not settled.
    if (isLost(item)) {
      item.seen?.lost(failed);
      return this.#items.ended(item);
    }
    if (failed !== undefined) return await this.#retry(item, failed, this.#schedule.delayAfterFailedLetterMs(item));
    this.#forgetFailures(item);
    this.#items.letGo(item);
    const confirmation = this.#confirmations.of(item, this.#tellBroker(item, "ack"));
    this.#items.goOn(item);
    return await confirmation;
  }

  /** Every settle goes through here. Returns the broker's confirmation; `undefined` when there is none, see `DeliveryOwner`. */
  #tellBroker(item: InFlight, settle: BrokerSettle, delayMs = 0): Promise<void> | undefined {
    if (this.#isClosed) return undefined;
    if (this.#instruments !== undefined) return this.#tellBrokerSeen(item, settle, delayMs, this.#instruments);
    const { delivery } = item;
    if (settle === "ack") return delivery.owner.ack(delivery);
    if (settle === "retry") return delivery.owner.retry(delivery, delayMs);
    return delivery.owner.release(delivery, settle === "lease-ended");
  }

  #tellBrokerSeen(
    item: InFlight,
    settle: BrokerSettle,
    delayMs: number,
    instruments: Instruments,
  ): Promise<void> | undefined {
    const { subscription, adapter, instrumented } = this.#options;
    const attempt = item.seen?.info ?? attemptInfo(subscription, adapter, item);
    const ended = instruments.settle(attempt, settle === "lease-ended" ? "release" : settle);
    const send = (): Promise<void> | undefined => settleAtBroker(item.delivery, settle, delayMs);
    const confirmation = instrumented.quiet === undefined ? send() : instrumented.quiet(send);
    if (ended === undefined) return confirmation;
    if (confirmation === undefined) ended(undefined);
    else confirmation.then(() => ended(undefined), ended);
    return confirmation;
  }

  /** Returns when the first failure was, or undefined when another worker saw it. */
  #noteFailure(item: InFlight, nowMs: number): number | undefined {
    const known = this.#firstFailureMs.get(item);
    if (known !== undefined || item.attempt > 1) return known;
    this.#firstFailureMs.set(item, nowMs);
    return nowMs;
  }

  #forgetFailures(item: InFlight): void {
    if (this.#firstFailureMs.any) this.#firstFailureMs.take(item);
  }
}

function settleAtBroker(delivery: DriverDelivery, settle: BrokerSettle, delayMs: number): Promise<void> | undefined {
  if (settle === "ack") return delivery.owner.ack(delivery);
  if (settle === "retry") return delivery.owner.retry(delivery, delayMs);
  return delivery.owner.release(delivery, settle === "lease-ended");
}

/** A function, because the compiler does not know that the state may change during an `await`. */
function isLost(item: InFlight): boolean {
  return item.state === "lost";
}
