import type { Handler } from "./handler-context.ts";
import type { InFlight } from "./in-flight.ts";
import { ACK, type Outcome, outcomeOf } from "./outcome.ts";
import { isPromiseLike } from "../base/promise-like.ts";

/** Where the ends of attempts are told: of one worker, whose items they are. */
export interface AttemptEnd {
  /** Returns the broker's confirmation, `undefined` when there will be none. */
  end(item: InFlight, outcome: Outcome): Promise<void> | undefined;
}

/** What a worker does with an event that was read: tells `attempts` of its end, now or later, once. Never throws. */
export type EventRun = (item: InFlight, event: unknown, attempts: AttemptEnd) => void;

/** The handler form: what the handler returns or throws decides. */
export function runHandler<Event>(handler: Handler<Event>): EventRun {
  return (item, event, attempts) => {
    let ending: Promise<unknown> | undefined;
    try {
      // The subscription's type parameter ties handler and topic together; inside the engine events are opaque.
      const returned: unknown = handler(event as Event, item);
      // Looking at what it returned may throw, and so may its `then`: a promise's does not. Nearly all are promises.
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

/** A settle that fails is logged and observed where it is made; only a reader of the pull form is told besides. */
export function reported(confirmation: Promise<void> | undefined): void {
  confirmation?.catch(() => {});
}
