import type { Clock } from "../base/clock.ts";
import { untilAborted } from "../base/until-aborted.ts";
import { within } from "../base/within.ts";

const nothing = (): void => {};

/** Keeps publishes in the order of their calls, though an asynchronous schema may look at a later event for a shorter time. */
export class CallOrder {
  #last: Promise<unknown> | undefined;
  /** Calls that wait for their turn; ordered or not. */
  readonly #waiting = new Set<Promise<void>>();

  /** Whether no earlier call waits for its turn. */
  get idle(): boolean {
    return this.#last === undefined;
  }

  /**
   * Acts at once when there is nothing to wait for; else when `valid` resolves and, where `isOrdered`, every earlier call
   * has had its turn. Rejects as `valid` does, or when `signal` aborts first.
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
    // After `act`: who waits for this call finds it under way, or failed.
    const over = turn.then(nothing, nothing);
    this.#waiting.add(over);
    over.then(() => this.#waiting.delete(over), nothing);
    return result;
  }

  /** Resolves when every call has had its turn, or when `timeoutMs` are over. */
  async settled(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#waiting.size === 0) return;
    await within(clock, timeoutMs, Promise.all(this.#waiting));
  }

  /** Resolves when `valid` does and every earlier call has had its turn; rejects as `valid` does, or when `signal` aborts. */
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
