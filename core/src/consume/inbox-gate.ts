import type { Clock } from "../base/clock.ts";
import { describeError } from "../dead-letters/dead-letter-record.ts";
import { HeldClaim } from "../inbox/handler-inbox.ts";
import type { InFlight } from "./in-flight.ts";
import type { InboxStore } from "../inbox/inbox.ts";
import { LivingClaims } from "../inbox/living-claims.ts";
import type { Logger } from "../base/logger.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { pause } from "../base/pause.ts";
import { PubSubError } from "../base/errors.ts";

export interface InboxGateOptions {
  readonly store: InboxStore;
  /** `topic/subscription`. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The lease of a claim, in ms: after a crash, the claim expires after at most this time. */
  readonly leaseMs: number;
  /** How long a completed id is kept, in ms. */
  readonly retainMs: number;
}

interface OwnClaim {
  readonly token: string;
  /** Until when nobody else can have it, by the monotonic clock. The store counts from a later moment, when it was asked. */
  untilMs: number;
  /** Whether a renewal was refused: another has it, or had it. */
  isLost: boolean;
}

/** How often a claim that another process holds is tried again, in ms. */
const BUSY_POLL_MS = 500;
/** How many times `complete` is called before its failure counts, because the handler has already succeeded. */
const COMPLETE_TRIES = 3;
const COMPLETE_RETRY_MS = 200;

/** The inbox of the workers of one subscription (C21). A claim lasts from the start of a handler to its end. */
export class InboxGate {
  readonly #options: InboxGateOptions;
  readonly #living: LivingClaims;
  /** The items whose claims this gate holds. */
  readonly #claims = new Map<InFlight, OwnClaim>();
  #renewing = false;

  constructor(options: InboxGateOptions) {
    this.#options = options;
    this.#living = LivingClaims.of(options.store);
  }

  /** Tries once. `"busy"`: another handler has the same message, and will complete it or end its claim. */
  async claim(item: InFlight): Promise<"claimed" | "completed" | "busy"> {
    const { store, path, leaseMs, retainMs, clock } = this.#options;
    const key = this.#key(item);
    if (!this.#living.take(key)) return "busy";
    const untilMs = clock.monotonicNow() + leaseMs;
    try {
      const claim = await store.claim(path, item.id, leaseMs);
      if (claim.state === "claimed") {
        item.inbox = new HeldClaim(store, path, item.id, claim.token, retainMs);
        this.#claims.set(item, { token: claim.token, untilMs, isLost: false });
        this.#renewLater();
      }
      return claim.state;
    } finally {
      if (!this.#claims.has(item)) this.#living.end(key);
    }
  }

  /**
   * Whether the item's claim is certainly still its own. Not when it has lapsed because the event loop stood still, or the store was
   * slow: then another worker may have handled the message.
   */
  holds(item: InFlight, nowMs: number): boolean {
    const claim = this.#claims.get(item);
    return claim !== undefined && !claim.isLost && nowMs < claim.untilMs;
  }

  /** Calls `again` once, when the claim may be free: its holder in this process has ended, or `BUSY_POLL_MS` have passed. */
  whenFree(item: InFlight, again: () => void): void {
    const { clock } = this.#options;
    let leave: (() => void) | undefined = undefined;
    const timer = clock.setTimer(() => {
      leave?.();
      again();
    }, BUSY_POLL_MS);
    leave = this.#living.wait(this.#key(item), () => {
      clock.clearTimer(timer);
      again();
    });
  }

  /**
   * Ends the claim of an attempt and returns the outcome with which its delivery is settled. A success is marked, also when the
   * delivery was lost meanwhile: its redelivery is then only acknowledged. A success that could not be marked becomes another
   * outcome, with an `error` that says why. Never rejects.
   */
  async end(item: InFlight, outcome: Outcome): Promise<Outcome> {
    if (outcome.kind !== "ack") {
      await this.abandon(item);
      return outcome;
    }
    try {
      if (await this.#complete(item)) return outcome;
    } catch (error) {
      return outcomeOf(error);
    }
    // On the redelivery, the inbox knows whether the message was handled.
    const reason = `the claim of message ${item.id} belongs to another handler now: the message is redelivered`;
    return { kind: "release", leaseEnded: false, error: new PubSubError("LEASE_LOST", reason) };
  }

  /**
   * Marks the message as handled. Returns false when another handler has the claim now: that one decides about the message.
   * Rejects when the store failed; the claim was then ended.
   */
  async #complete(item: InFlight): Promise<boolean> {
    const token = this.#claims.get(item)?.token;
    if (token === undefined) return false;
    const { store, path, retainMs, clock } = this.#options;
    for (let tries = 1; ; tries += 1) {
      try {
        const held = await store.complete(path, item.id, token, retainMs);
        this.#ended(item);
        return held;
      } catch (error) {
        if (tries === COMPLETE_TRIES) {
          await this.abandon(item);
          throw error;
        }
      }
      await pause(clock, COMPLETE_RETRY_MS * tries);
    }
  }

  /** Ends the item's claim without a mark, if it has one. Never rejects: a claim that remains expires. */
  async abandon(item: InFlight): Promise<void> {
    const token = this.#claims.get(item)?.token;
    if (token === undefined) return;
    const { store, path, logger } = this.#options;
    // Not renewed from now on, even when the store fails.
    this.#claims.delete(item);
    try {
      await store.abandon(path, item.id, token);
    } catch (error) {
      logger.warn(
        { subscription: path, id: item.id, error: describeError(error).name },
        "the inbox could not end a claim, which will expire",
      );
    }
    this.#living.end(this.#key(item));
  }

  /** One timer for all claims, also those of abandoned handlers and of handlers that run longer than their worker is open. */
  #renewLater(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    const { clock, leaseMs } = this.#options;
    clock.setTimer(() => {
      this.#renewing = false;
      const untilMs = clock.monotonicNow() + leaseMs;
      for (const [item, claim] of this.#claims) this.#renew(item.id, claim, untilMs).catch(() => {});
      if (this.#claims.size > 0) this.#renewLater();
    }, leaseMs / 3);
  }

  /** The answer matters only until the handler starts: after that, `complete` fails for a claim that belongs to another handler. */
  async #renew(id: string, claim: OwnClaim, untilMs: number): Promise<void> {
    const { store, path, leaseMs } = this.#options;
    const held = await store.extend(path, id, claim.token, leaseMs);
    if (held) claim.untilMs = Math.max(claim.untilMs, untilMs);
    else claim.isLost = true;
  }

  #ended(item: InFlight): void {
    this.#claims.delete(item);
    this.#living.end(this.#key(item));
  }

  #key(item: InFlight): string {
    return `${this.#options.path} ${item.id}`;
  }
}
