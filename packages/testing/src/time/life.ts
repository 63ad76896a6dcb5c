import type { PubSub, VirtualClock } from "@anytopic/core";
import type { Activity } from "./activity.ts";
import { nextTurn, realNowMs, realWithin } from "./real-time.ts";

/** Turns of the event loop in which nothing may begin before all counts as at rest: promises that are settled run on in them. */
const QUIET_TURNS = 10;
/** How long to wait for a change that is not counted, in ms of real time. */
const LOOK_AGAIN_MS = 10;

/** Every publish is answered by then: core stops waiting. */
const LATEST_CONFIRMATION_MS = 3_600_000;

export interface LifeOptions {
  readonly clock: VirtualClock;
  readonly activity: Activity;
  /** How long virtual time waits for one handler or publish, in ms of real time. */
  readonly patienceMs: number;
  readonly pubsubs: () => readonly PubSub[];
}

/**
 * Moves virtual time. It stands still while a handler runs or a publish is under way, however long that takes in real time: so a
 * handler that waits for a real database does not pass its deadline.
 */
export class Life {
  readonly #options: LifeOptions;

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  /** Resolves when nothing is under way. Virtual time does not move. Rejects when that takes longer than `patienceMs`. */
  async rest(): Promise<void> {
    const { activity, patienceMs } = this.#options;
    let sinceMs = realNowMs();
    let quiet = 0;
    while (quiet < QUIET_TURNS) {
      if (!this.#isBusy()) {
        quiet += 1;
        // oxlint-disable-next-line no-await-in-loop -- one turn after the other
        await nextTurn();
        continue;
      }
      if (quiet > 0) sinceMs = realNowMs();
      quiet = 0;
      let changed = false;
      const change = activity.changed.then(() => (changed = true));
      // oxlint-disable-next-line no-await-in-loop -- waits for a change
      await realWithin(change, LOOK_AGAIN_MS);
      if (changed) sinceMs = realNowMs();
      else if (realNowMs() - sinceMs > patienceMs) throw this.#stuck();
    }
  }

  /** Moves to the next timer that is due until `endMs`, and runs it. False when there is none. */
  async step(endMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const { nextDueMs } = clock;
    if (nextDueMs === undefined || nextDueMs > endMs) return false;
    await clock.advance(Math.max(0, nextDueMs - clock.now()), { hold: () => this.rest() });
    return true;
  }

  /** Moves to `endMs`. */
  async until(endMs: number): Promise<void> {
    const { clock } = this.#options;
    await clock.advance(Math.max(0, endMs - clock.now()), { hold: () => this.rest() });
  }

  /** Resolves with `running`. Time moves meanwhile only when a publish waits for that, see `confirmLate`. */
  async during<Result>(running: Promise<Result>): Promise<Result> {
    const { activity, clock } = this.#options;
    let hasEnded = false;
    const end = (): void => void (hasEnded = true);
    running.then(end, end);
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- waits for a change
      await realWithin(Promise.race([running.catch(() => {}), activity.changed]), LOOK_AGAIN_MS);
      if (hasEnded) return await running;
      // oxlint-disable-next-line no-await-in-loop -- one moment after the other
      if (activity.latePublishes.length > 0) await this.step(clock.now() + LATEST_CONFIRMATION_MS);
    }
  }

  /** How many places of the workers are taken: by handlers, and by what comes before and after them. */
  get places(): number {
    const workers = this.#options.pubsubs().flatMap((pubsub) => pubsub.health().subscriptions);
    return workers.reduce((places, { running }) => places + running, 0);
  }

  #isBusy(): boolean {
    return this.#options.activity.isBusy(this.places);
  }

  #stuck(): Error {
    const { activity, patienceMs } = this.#options;
    const { sleepers } = activity;
    const running = activity.attempts
      .filter((attempt) => !sleepers.has(attempt))
      .map(
        ({ info }) =>
          `message ${info.id} of ${info.topic}/${info.subscription}, attempt ${info.attempt}, is being handled`,
      );
    const publishes = activity.publishes.map(({ id }) => `the publish of ${id} is not answered`);
    const what = [...running, ...publishes];
    return new Error(
      `after ${patienceMs} ms of real time something is still under way, and virtual time waits for it: ` +
        `${what.length === 0 ? "an asynchronous schema, or the inbox" : what.join("; ")}. ` +
        "A handler that waits for time to pass must wait for that of the test: sleep(ms). Raise patienceMs for slow work",
    );
  }
}
