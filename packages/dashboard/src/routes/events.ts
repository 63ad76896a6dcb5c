import { EventCursor } from "../events/event-cursor.ts";
import { eventFilter, textOf } from "../events/event-filter.ts";
import { HttpError } from "../http/http-error.ts";
import type { Route } from "../http/route.ts";
import { serverSentEvents } from "../streams/server-sent-events.ts";

const MAX_LAST = 10_000;

/** What happens, as a stream: `?id=…&topic=…&subscription=…&types=ack,retry&text=…&last=300`, and `after` to go on. */
export const eventsRoute: Route = {
  method: "GET",
  path: "events",
  async run({ query, signal, lastEventId }, { events }): Promise<Response> {
    const after = lastEventId ?? textOf(query, "after");
    const cursor = new EventCursor(events, eventFilter(query), { after, last: lastOf(textOf(query, "last")) });
    return serverSentEvents(cursor, signal);
  },
};

function lastOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const last = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (last >= 0 && last <= MAX_LAST) return last;
  throw new HttpError(400, "WRONG_ARGUMENT", `last must be a whole number from 0 to ${MAX_LAST}`);
}
