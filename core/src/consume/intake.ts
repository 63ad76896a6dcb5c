import type { TimerHandle } from "../base/clock.ts";
import type { DeliverySink, DriverDelivery } from "../driver.ts";
import { InFlight, type LeaseClock } from "./in-flight.ts";
import type { Leases } from "./leases.ts";
import type { PubSubError } from "../base/errors.ts";
import { RELEASE } from "./outcome.ts";
import { reported } from "./run-handler.ts";
import type { RetrySchedule } from "./retry-schedule.ts";
import type { Settler } from "./settler.ts";
import type { WorkerItems } from "./worker-items.ts";
import { namesOf, type WorkerOptions } from "./worker-options.ts";

/** First step of a delivery: the driver gives it to core, which holds it from then on. The driver also reports here what it lost and whether it receives. */
export class Intake implements DeliverySink {
  readonly #options: WorkerOptions;
  readonly #items: WorkerItems;
  readonly #settler: Settler;
  readonly #schedule: RetrySchedule;
  readonly #leases: Leases;
  readonly #leaseClock: LeaseClock;
  /** One timer for each early retry that waits for the rest of its delay. */
  readonly #earlyTimers = new Set<TimerHandle>();
  #failing: PubSubError | undefined;
  /** When the driver last said whether it receives, by the monotonic clock; at first, when this was made. */
  reportedMs: number;
  /** Whether the subscriber was ever failing, or its connection lost. */
  #hadOutage = false;

  constructor(options: WorkerOptions, items: WorkerItems, settler: Settler, schedule: RetrySchedule, leases: Leases) {
    const { clock, capabilities } = options;
    this.#options = options;
    this.reportedMs = clock.monotonicNow();
    this.#items = items;
    this.#settler = settler;
    this.#schedule = schedule;
    this.#leases = leases;
    this.#leaseClock = {
      now: () => clock.now(),
      monotonicNow: () => clock.monotonicNow(),
      maxLeaseMs: capabilities.maxLeaseMs,
    };
  }

  /** Why it cannot receive, `undefined` when it can. */
  get error(): PubSubError | undefined {
    return this.#failing;
  }

  deliver(delivery: DriverDelivery): void {
    const item = new InFlight(delivery, this.#leaseClock);
    const items = this.#items;
    items.held.add(item);
    if (!items.isOpen) return reported(this.#settler.settle(item, RELEASE));
    this.#leases.watch();
    const earlyMs = this.#hadOutage ? this.#earlyByMs(item) : 0;
    if (earlyMs === 0) items.admit(item);
    else this.#readyAfter(item, earlyMs);
    if (item.state === "waiting") item.receivedMs = this.#options.clock.monotonicNow();
    return undefined;
  }

  /** After an outage a broker may redeliver before the delay of a retry has passed: the message waits here for the rest, and its lease is renewed. */
  #earlyByMs(item: InFlight): number {
    return item.attempt === 1 || this.#items.hasLane(item) ? 0 : this.#schedule.earlyByMs(item);
  }

  #readyAfter(item: InFlight, delayMs: number): void {
    const timer = this.#options.clock.setTimer(() => {
      this.#earlyTimers.delete(timer);
      this.#items.ready(item);
    }, delayMs);
    this.#earlyTimers.add(timer);
  }

  /** The worker closes, and releases the early retries with all other waiting messages. */
  close(): void {
    for (const timer of this.#earlyTimers) this.#options.clock.clearTimer(timer);
    this.#earlyTimers.clear();
  }

  revoke(delivery: DriverDelivery): boolean {
    return this.#items.revoke(delivery);
  }

  revokeAll(cause?: "seek"): void {
    if (cause === "seek") this.#options.lateSuccesses.clear();
    this.#items.revokeAll(cause);
  }

  failing(error: PubSubError): void {
    const { subscription, logger, observe, clock } = this.#options;
    const names = namesOf(subscription);
    if (this.#failing?.code !== error.code) {
      logger.error({ ...names, code: error.code }, `cannot receive, trying again: ${error.message}`);
    }
    this.#failing = error;
    this.reportedMs = clock.monotonicNow();
    this.#hadOutage = true;
    observe?.({ type: "failing", ...names, error, atMs: clock.now() });
  }

  receiving(reconnected: boolean): void {
    const { subscription, logger, observe, clock } = this.#options;
    const names = namesOf(subscription);
    if (this.#failing !== undefined) logger.info(names, "receiving again");
    this.#failing = undefined;
    this.reportedMs = clock.monotonicNow();
    if (reconnected) this.#hadOutage = true;
    observe?.({ type: "receiving", ...names, reconnected, atMs: clock.now() });
  }
}
