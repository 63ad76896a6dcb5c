import type { FoundMessage } from "../api/search.ts";
import type { EventFilter } from "../events/event-filter.ts";
import type { EventLog } from "../events/event-log.ts";

/** Messages of which an event that is kept matches, the newest first. */
export function searchEvents(log: EventLog, matches: EventFilter, most: number): readonly FoundMessage[] {
  const found = new Map<string, FoundMessage>();
  for (let position = log.end - 1; position >= log.start; position -= 1) {
    const event = log.at(position);
    const { id, type, topic = null, subscription = null, service = null, atMs } = event;
    if (id === undefined) continue;
    const known = found.get(id);
    if (known !== undefined) found.set(id, { ...known, events: known.events + 1 });
    else if (found.size < most && matches(event)) {
      found.set(id, { id, type, topic, subscription, service, atMs, events: 1 });
    }
  }
  return [...found.values()];
}
