import type { SearchAnswer } from "../api/search.ts";
import { eventFilter } from "../events/event-filter.ts";
import { HttpError } from "../http/http-error.ts";
import type { Route } from "../http/route.ts";
import { searchEvents } from "../search/search-events.ts";
import { searchLetters } from "../search/search-letters.ts";

const MOST_FOUND = 50;
/** Shorter texts are everywhere. */
const MIN_LENGTH = 2;
const MAX_LENGTH = 200;

/** Looks for a text in the events that are kept and in the dead letters. */
export const searchRoute: Route = {
  method: "GET",
  path: "search",
  async run({ query, signal }, context): Promise<SearchAnswer> {
    const text = (query.get("q") ?? "").trim();
    if (text.length < MIN_LENGTH || text.length > MAX_LENGTH) {
      throw new HttpError(400, "WRONG_QUERY", `q must have ${MIN_LENGTH} to ${MAX_LENGTH} characters`);
    }
    const { events, subscriptions } = context;
    const messages = searchEvents(events, eventFilter(new URLSearchParams({ text })), MOST_FOUND);
    const { letters, incomplete, searched } = await searchLetters(text, MOST_FOUND, context, signal);
    return {
      messages,
      letters,
      searched: { events: events.end - events.start, letters: searched, subscriptions: subscriptions.length },
      incomplete,
    };
  },
};
