import type { Handler } from "./handler-context.ts";
import type { InFlight } from "./in-flight.ts";
import { ACK, type Outcome, outcomeOf } from "./outcome.ts";
import { isPromiseLike } from "../base/promise-like.ts";

/** Ends attempts of one worker's items. */
export interface EndsAttempts {
  /** Returns the broker's confirmation; `undefined` when there is none. */
  end(item: InFlight, outcome: Outcome): Promise<void> | undefined;
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
              () => item.mayStart(),
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
