import type { Clock } from "../base/clock.ts";
import { describeError } from "../dead-letters/dead-letter-record.ts";
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
  /** How long a claim outlives the process that made it, in ms. */
  readonly leaseMs: number;
  /** How long a completed id is remembered, in ms. */
  readonly retainMs: number;
}

/** How often a message is asked for again that another process holds, in ms. */
const BUSY_POLL_MS = 500;
/** How often `complete` is called until its failure counts: the handler's effect has happened. */
const COMPLETE_TRIES = 3;
const COMPLETE_RETRY_MS = 200;

/** The inbox as one subscription's workers use it (C21). A claim lasts from its handler's start to its handler's end. */
export class InboxGate {
  readonly #options: InboxGateOptions;
  readonly #living: LivingClaims;
  /** The tokens of the claims that are ours. */
  readonly #tokens = new Map<InFlight, string>();
  #renewing = false;

  constructor(options: InboxGateOptions) {
    this.#options = options;
    this.#living = LivingClaims.of(options.store);
  }

  /** Asks once. `"busy"`: somebody else handles the same message; they will complete it, or their claim will end. */
  async claim(item: InFlight): Promise<"claimed" | "completed" | "busy"> {
    const { store, path, leaseMs } = this.#options;
    const key = this.#key(item);
    if (!this.#living.take(key)) return "busy";
    try {
      const claim = await store.claim(path, item.id, leaseMs);
      if (claim.state === "claimed") {
        this.#tokens.set(item, claim.token);
        this.#renewLater();
      }
      return claim.state;
    } finally {
      if (!this.#tokens.has(item)) this.#living.end(key);
    }
  }

  /** Calls `again` once, when the message may be free: its holder in this process has ended, or some time has passed. */
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
   * Ends the claim of an attempt, and returns what its delivery is to be settled with. A success is marked, also when the
   * delivery was lost meanwhile: its redelivery is then only acknowledged. One that could not be marked is no success: the
   * outcome is then another one, and its `error` says why. Never rejects.
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
    // When it comes again, the inbox says what became of it.
    const reason = `the claim of message ${item.id} was another's by then: it comes again`;
    return { kind: "release", leaseEnded: false, error: new PubSubError("LEASE_LOST", reason) };
  }

  /**
   * Marks the message as handled. Returns false when the claim was another's by then; the mark, or the message's next
   * run, is theirs. Rejects when the store cannot say; the claim has been given back then.
   */
  async #complete(item: InFlight): Promise<boolean> {
    const token = this.#tokens.get(item);
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

  /** Gives back the item's claim, if it has one. Never rejects: a claim that stays lapses by itself. */
  async abandon(item: InFlight): Promise<void> {
    const token = this.#tokens.get(item);
    if (token === undefined) return;
    const { store, path, logger } = this.#options;
    // Renewed no longer, whatever the store says.
    this.#tokens.delete(item);
    try {
      await store.abandon(path, item.id, token);
    } catch (error) {
      logger.warn(
        { subscription: path, id: item.id, error: describeError(error).name },
        "the inbox did not take back a claim, which will lapse",
      );
    }
    this.#living.end(this.#key(item));
  }

  /** One timer for all claims, also of handlers that their worker has given up or that outlive it. */
  #renewLater(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    const { clock, store, path, leaseMs } = this.#options;
    clock.setTimer(() => {
      this.#renewing = false;
      // Fire and forget: a claim that could not be renewed, or is another's by now, shows when it is to be completed.
      const renew = async (id: string, token: string): Promise<unknown> => await store.extend(path, id, token, leaseMs);
      for (const [item, token] of this.#tokens) renew(item.id, token).catch(() => {});
      if (this.#tokens.size > 0) this.#renewLater();
    }, leaseMs / 3);
  }

  #ended(item: InFlight): void {
    this.#tokens.delete(item);
    this.#living.end(this.#key(item));
  }

  #key(item: InFlight): string {
    return `${this.#options.path} ${item.id}`;
  }
}
