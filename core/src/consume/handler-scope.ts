import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Clock } from "../base/clock.ts";

/**
 * Which scopes the running code belongs to. Only where it costs next to nothing: from Node 24 on a context is a pointer
 * that travels along, before that the first use of a storage slows down every promise of the process.
 * https://nodejs.org/docs/latest-v24.x/api/async_context.html (read 2026-11-26)
 */
const scopes =
  Number.parseInt(process.versions.node, 10) >= 24 ? new AsyncLocalStorage<readonly HandlerScope[]>() : undefined;
/** The scope whose handler is in its synchronous part. */
let entered: HandlerScope | undefined;

/**
 * The async context in which a worker runs handlers: that of its `subscribe`, whoever published (C34). An
 * `AsyncResource` and not a snapshot: entering one costs a tenth.
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
   * Whether the caller is a handler of this scope, or something that one has started. Before Node 24 only the
   * synchronous part of a handler is recognised, up to its first `await`.
   */
  get isInside(): boolean {
    return entered === this || scopes?.getStore()?.includes(this) === true;
  }

  /** The same clock; its callbacks run in this scope and not in that of whoever happened to set the timer. */
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
