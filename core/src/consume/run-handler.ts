import type { Handler } from "./handler-context.ts";
import type { InFlight } from "./in-flight.ts";
import { ACK, type Outcome, outcomeOf } from "./outcome.ts";
import { isPromiseLike } from "../base/promise-like.ts";

/** Ends attempts of one worker's items. */
export interface EndsAttempts {
  /** Returns the broker's confirmation; `undefined` when there is none. */
  end(item: InFlight, outcome: Outcome): Promise<void> | undefined;
  /**
   * Whether the handler may start now, although time may have passed since the attempt began. If not, the attempt ends here: the message
   * has expired or was lost, or goes back because its lease has ended. If only its claim has lapsed, it is claimed again.
   */
  mayStart(item: InFlight): boolean;
  /** The same for an attempt in which an instrumentation waits. Its claim is not asked for again: the message goes back. @throws EXPIRED */
  mayGoOn(item: InFlight): boolean;
}

/** What a worker does with a decoded event: it calls `attempts.end` once, now or later. Never throws. */
export type EventRun = (item: InFlight, event: unknown, attempts: EndsAttempts) => void;

/** Runs a handler: what it returns or throws decides the outcome. */
export function runHandler<Event>(handler: Handler<Event>): EventRun {
  return (item, event, attempts) => {
    let ending: Promise<unknown> | undefined;
    try {
      // The subscription's type parameter is the same for handler and topic; here events are `unknown`.
      const returned: unknown =
        item.seen === undefined
          ? handler(event as Event, item)
          : item.seen.handle(
              () => handler(event as Event, item),
              () => attempts.mayGoOn(item),
            );
      // To look at the returned value may throw, and so may its `then`, but not those of a native promise, which most are.
      if (returned instanceof Promise && returned.constructor === Promise) ending = returned;
      else if (isPromiseLike(returned)) ending = Promise.resolve(returned);
    } catch (error) {
      return reported(attempts.end(item, outcomeOf(error)));
    }
    if (ending === undefined) return reported(attempts.end(item, ACK));
    ending.then(
      () => reported(attempts.end(item, ACK)),
      (error: unknown) => reported(attempts.end(item, outcomeOf(error))),
    );
    return undefined;
  };
}

/** For callers that do not need the result: a failed settle is logged and observed where it is made. */
export function reported(confirmation: Promise<void> | undefined): void {
  confirmation?.catch(() => {});
}
