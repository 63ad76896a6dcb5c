import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Clock } from "../base/clock.ts";

/**
 * The scopes of the running code. Used only from Node 24 on, where it costs almost nothing: before that, the first use of an
 * `AsyncLocalStorage` makes every promise of the process slower.
 * https://nodejs.org/docs/latest-v24.x/api/async_context.html (read 2026-11-26)
 */
const scopes =
  Number.parseInt(process.versions.node, 10) >= 24 ? new AsyncLocalStorage<readonly HandlerScope[]>() : undefined;
/** The scope whose handler is running synchronously. */
let entered: HandlerScope | undefined;

/**
 * The async context in which a worker runs its handlers: that of `subscribe`, not that of a publisher (C34). It is an
 * `AsyncResource`, because to enter a snapshot costs ten times as much.
 */
export class HandlerScope {
  readonly #resource: AsyncResource;

  /** Keeps the context of the caller. */
  constructor() {
    const outer = scopes?.getStore() ?? [];
    const make = (): AsyncResource => new AsyncResource("ANYTOPIC_HANDLER");
    this.#resource = scopes === undefined ? make() : scopes.run([...outer, this], make);
  }

  run<Argument>(act: (argument: Argument) => void, argument: Argument): void {
    if (scopes === undefined) this.#runMarked(act, argument);
    else this.#resource.runInAsyncScope(act, undefined, argument);
  }

  #runMarked<Argument>(act: (argument: Argument) => void, argument: Argument): void {
    const outer = entered;
    // oxlint-disable-next-line no-this-alias -- the innermost scope, for as long as `act` runs
    entered = this;
    try {
      this.#resource.runInAsyncScope(act, undefined, argument);
    } finally {
      entered = outer;
    }
  }

  /**
   * Whether the caller is a handler of this scope, or code that such a handler has started. Before Node 24, only up to the
   * handler's first `await`.
   */
  get isInside(): boolean {
    return entered === this || scopes?.getStore()?.includes(this) === true;
  }

  /** The same clock, but its callbacks run in this scope, not in the scope in which the timer was set. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonicNow: () => clock.monotonicNow(),
      clearTimer: (handle) => clock.clearTimer(handle),
      setTimer: (callback, delayMs, keepAlive) =>
        this.#resource.runInAsyncScope(() => clock.setTimer(callback, delayMs, keepAlive)),
    };
  }
}
