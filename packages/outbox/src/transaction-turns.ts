import { untilAborted } from "@anytopic/core/driver";

const nothing = (): void => {};

/**
 * Runs the statements of one transaction one after the other, in the order of the calls. A library may refuse a second statement while one
 * runs, and an asynchronous schema may check a later event faster.
 */
export class TransactionTurns {
  /** By transaction: resolves when the last call is over. */
  readonly #last = new WeakMap<object, Promise<void>>();

  /**
   * Calls `act` when all earlier calls for `tx` are over and `valid` has resolved: in this call when there is nothing to wait for. Then it
   * throws what `act` throws. Rejects when `valid` rejects or `signal` aborts before that, and then `act` is never called. A call that
   * failed stops no other.
   */
  run<Result>(
    tx: object,
    valid: Promise<unknown> | undefined,
    signal: AbortSignal | undefined,
    act: () => Result | Promise<Result>,
  ): Result | Promise<Result> {
    const before = this.#last.get(tx);
    if (before !== undefined || valid !== undefined) {
      return this.#remembered(tx, before, actAfter(Promise.all([valid, before]), signal, act));
    }
    const result = act();
    return result instanceof Promise ? this.#remembered(tx, undefined, result) : result;
  }

  #remembered<Result>(tx: object, before: Promise<void> | undefined, result: Promise<Result>): Promise<Result> {
    // Those behind a call that failed early still wait for those before it.
    const over = Promise.allSettled([result, before]).then(nothing);
    this.#last.set(tx, over);
    over.then(() => this.#forget(tx, over), nothing);
    return result;
  }

  #forget(tx: object, over: Promise<void>): void {
    if (this.#last.get(tx) === over) this.#last.delete(tx);
  }
}

async function actAfter<Result>(
  ready: Promise<unknown>,
  signal: AbortSignal | undefined,
  act: () => Result | Promise<Result>,
): Promise<Result> {
  await untilAborted(ready, signal);
  signal?.throwIfAborted();
  return await act();
}
