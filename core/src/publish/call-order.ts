import type { Clock } from "../base/clock.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { within } from "../base/within.ts";

const nothing = (): void => {};

/** Keeps publishes in the order of their calls, although an asynchronous schema may validate a later event faster. */
export class CallOrder {
  #last: Promise<unknown> | undefined;
  /** Calls that wait, ordered or not. */
  readonly #waiting = new Set<Promise<void>>();

  /** Whether no earlier call waits for its turn. */
  get idle(): boolean {
    return this.#last === undefined;
  }

  /**
   * Calls `act` when `valid` has resolved and, with `isOrdered`, all earlier ordered calls have had their turn: at once when there is
   * nothing to wait for. Rejects when `valid` rejects, or when `signal` aborts first.
   */
  run<Result>(
    isOrdered: boolean,
    valid: Promise<void> | undefined,
    signal: AbortSignal | undefined,
    act: () => Promise<Result>,
  ): Promise<Result> {
    if (valid === undefined && (!isOrdered || this.#last === undefined)) return act();
    const order = isOrdered ? this : new CallOrder();
    const turn = order.#turn(valid, signal);
    const result = turn.then(act);
    // After `act`: when this resolves, the publish is pending or has failed.
    const over = turn.then(nothing, nothing);
    this.#waiting.add(over);
    over.then(() => this.#waiting.delete(over), nothing);
    return result;
  }

  /** Resolves when all calls have had their turn, or after `timeoutMs`. */
  async settled(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#waiting.size === 0) return;
    await within(clock, timeoutMs, Promise.all(this.#waiting));
  }

  async #turn(valid: Promise<void> | undefined, signal: AbortSignal | undefined): Promise<void> {
    const earlier = this.#last;
    const ready = untilAborted(Promise.all([valid, earlier]), signal);
    const over = Promise.allSettled([ready, earlier]);
    this.#last = over;
    const forget = (): void => {
      if (this.#last === over) this.#last = undefined;
    };
    over.then(forget, forget);
    await ready;
    signal?.throwIfAborted();
  }
}
