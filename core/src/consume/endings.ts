import { EXPIRED } from "./expired.ts";
import { PubSubError } from "../base/errors.ts";
import type { InboxGate } from "./inbox-gate.ts";
import type { InFlight } from "./in-flight.ts";
import type { Leases } from "./leases.ts";
import { EXPIRE, type Outcome, outcomeOf, RELEASE } from "./outcome.ts";
import { type EndsAttempts, reported } from "./run-handler.ts";
import type { Settler } from "./settler.ts";
import type { WorkerItems } from "./worker-items.ts";
import type { WorkerOptions } from "./worker-options.ts";

/**
 * Fourth step of a delivery: its attempt ends. In this order, its claim in the inbox, its delivery and its place end too. A delivery
 * can end before its attempt: when it is lost, or when its handler is abandoned.
 */
export class Endings implements EndsAttempts {
  readonly #options: WorkerOptions;
  readonly #items: WorkerItems;
  readonly #settler: Settler;
  readonly #leases: Leases;

  constructor(options: WorkerOptions, items: WorkerItems, settler: Settler, leases: Leases) {
    this.#options = options;
    this.#items = items;
    this.#settler = settler;
    this.#leases = leases;
  }

  /** Every attempt ends here. Rejects when the inbox could not mark a success, which only the pull form sees. */
  end(item: InFlight, outcome: Outcome): Promise<void> | undefined {
    const { inbox } = this.#options;
    item.batch?.leave(item);
    item.seen?.stop();
    return inbox === undefined ? this.#endDelivery(item, outcome) : this.#endClaim(item, outcome, inbox);
  }

  mayStart(item: InFlight): boolean {
    if (item.state !== "running") reported(this.end(item, RELEASE));
    else if (item.hasExpired) reported(this.end(item, EXPIRE));
    else {
      const whose = this.#whoseNow(item);
      if (whose === "ours") return true;
      if (whose === "unclaimed") this.#claimAgain(item);
    }
    return false;
  }

  mayGoOn(item: InFlight): boolean {
    if (item.hasExpired) throw EXPIRED;
    if (item.state !== "running") return false;
    const whose = this.#whoseNow(item);
    // It is settled here, and not by what an instrumentation makes of an error: that may look like a failed attempt, or a success.
    if (whose === "unclaimed") this.#giveBack(item);
    return whose === "ours";
  }

  /** Whether anybody else can have the message, by this process's own clock. One whose lease has ended goes back, with what waits behind it. */
  #whoseNow(item: InFlight): "ours" | "unclaimed" | "released" {
    const { inbox, clock } = this.#options;
    const nowMs = clock.monotonicNow();
    if (this.#leases.hasEnded(item, nowMs)) {
      void this.#abandon(item);
      this.#leases.releaseEnded(item, nowMs);
      return "released";
    }
    return inbox?.holds(item, nowMs) === false ? "unclaimed" : "ours";
  }

  /** As a message that another handler has: it waits without a place, and its deadline stays. */
  #claimAgain(item: InFlight): void {
    this.#items.park(item);
    void this.#abandon(item)?.then(() => this.#items.ready(item));
  }

  #giveBack(item: InFlight): void {
    void this.#abandon(item);
    const error = new PubSubError("LEASE_LOST", `the claim of message ${item.id} lapsed before its handler started`);
    reported(this.#settler.settle(item, { kind: "release", leaseEnded: false, error }));
  }

  /** The settle does not wait for the store: to others a claim that may have lapsed is as good as ended. */
  #abandon(item: InFlight): Promise<void> | undefined {
    const abandoned = this.#options.inbox?.abandon(item);
    if (abandoned !== undefined) this.#settler.flushWith(abandoned);
    return abandoned;
  }

  async #endClaim(item: InFlight, decided: Outcome, inbox: InboxGate): Promise<void> {
    if (decided.kind !== "ack" && item.state !== "running") {
      // Nothing runs and nothing is settled: the place does not wait for the store.
      this.#items.returned(item);
      return this.#settler.flushWith(inbox.abandon(item));
    }
    if (decided.kind !== "ack") item.failure = decided;
    const outcome = await inbox.end(item, decided);
    await this.#endDelivery(item, outcome);
    if (outcome !== decided && "error" in outcome) throw outcome.error;
  }

  #endDelivery(item: InFlight, outcome: Outcome): Promise<void> | undefined {
    const succeeded = outcome.kind === "ack";
    if (item.state === "running") {
      this.#options.gate?.circuit?.ended(item, outcome);
      if (succeeded && this.#leases.mayMissAck(item)) this.#options.lateSuccesses.add(item);
      return this.#settler.settle(item, outcome);
    }
    if (succeeded) this.#succeededLate(item);
    this.#items.returned(item);
    return undefined;
  }

  /**
   * The delivery was lost, but its handler succeeded: the broker may still accept the acknowledgement, and a redelivery does not
   * run. In the pull form, the settle rejects with `LEASE_LOST` and the redelivery is delivered.
   */
  #succeededLate(item: InFlight): void {
    if (item.state !== "lost" || item.byHand || this.#items.isOver(item)) return;
    this.#options.lateSuccesses.add(item);
    this.#settler.ackLost(item);
  }

  /** The handler is past its deadline: the attempt counts as failed, and its place is free. */
  expire(item: InFlight): void {
    const limitMs = Math.round(item.deadlineMs - item.startedMs);
    item.deadlineMs = Number.POSITIVE_INFINITY;
    if (item.state === "waiting") {
      const error = new PubSubError("TIMEOUT", `another handler has had the same message for ${limitMs} ms`);
      return reported(this.#settler.settle(item, outcomeOf(error)));
    }
    // Its handler has ended, and only the store has not: the delivery does not wait for it any longer.
    if (item.state === "running" && item.failure !== undefined) return reported(this.#endDelivery(item, item.failure));
    const error = new PubSubError("TIMEOUT", `the handler did not finish within ${limitMs} ms`);
    this.#giveUp(item, error);
    if (this.#items.lost.has(item)) this.#items.ended(item);
    else if (item.state === "running") {
      const outcome = outcomeOf(error);
      this.#options.gate?.circuit?.ended(item, outcome);
      reported(this.#settler.settle(item, outcome));
    }
    return undefined;
  }

  /** Closing waits for handlers no longer: they are abandoned, and their messages released. */
  giveUpRunning(): void {
    const error = new PubSubError("CLOSED", "the subscription was closed before the handler finished");
    for (const item of this.#items.lost) if (!item.isStoring) this.#items.giveUp(item, error);
    for (const item of this.#items.held.toArray()) {
      if (item.state !== "running") continue;
      // A store that is slow to end a claim does not make a failed attempt one that never was.
      if (item.failure === undefined) this.#giveUp(item, error);
      reported(this.#settler.settle(item, item.failure ?? { kind: "release", leaseEnded: false, error }));
    }
  }

  /** The worker is closed. What waits for a letter that is still being stored, or for the inbox, is not waited for any longer. */
  endAll(): void {
    const error = new PubSubError("CLOSED", "the subscription was closed before the attempt ended");
    for (const item of this.#items.lost) item.seen?.lost(error);
    for (const item of this.#items.held.toArray()) item.seen?.released(error);
  }

  /** A handler that still runs keeps its claim until it ends. A reader of the pull form may never end its attempt. */
  #giveUp(item: InFlight, reason: PubSubError): void {
    this.#items.giveUp(item, reason);
    if (item.byHand) reported(this.#options.inbox?.abandon(item));
  }
}
