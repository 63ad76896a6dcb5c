import type { EventBatch, SeenEvent } from "../api/event-batch.ts";
import { HttpError } from "../http/http-error.ts";
import type { StreamSource } from "../streams/server-sent-events.ts";
import type { EventFilter } from "./event-filter.ts";
import type { EventLog } from "./event-log.ts";

/** One message of the stream has no more events. */
const MAX_EVENTS = 500;
/** One step looks at no more events, so that a filter that finds nothing does not hold up the process. */
const MAX_LOOKED_AT = 20_000;

/** Where one visitor is in the log. A visitor that falls behind misses what has left the ring, and is told. */
export class EventCursor implements StreamSource {
  readonly #log: EventLog;
  readonly #matches: EventFilter;
  #position: number;
  #isFirst = true;
  readonly #restarted: boolean;

  /** @param after the id of a message of the stream, to go on behind it @param last without `after`: only so many events of the past */
  constructor(
    log: EventLog,
    matches: EventFilter,
    { after, last }: { after: string | undefined; last: number | undefined },
  ) {
    this.#log = log;
    this.#matches = matches;
    const place = after === undefined ? undefined : placeOf(after);
    this.#restarted = place !== undefined && place.epoch !== log.epoch;
    if (place === undefined || this.#restarted) this.#position = this.#startOf(last);
    else this.#position = Math.min(place.position, log.end);
  }

  next(): { readonly id: string; readonly data: EventBatch } | undefined {
    const missed = Math.max(0, this.#log.start - this.#position);
    let position = this.#position + missed;
    const end = Math.min(this.#log.end, position + MAX_LOOKED_AT);
    const events: SeenEvent[] = [];
    for (; position < end && events.length < MAX_EVENTS; position += 1) {
      const event = this.#log.at(position);
      if (this.#matches(event)) events.push({ ...event, position });
    }
    this.#position = position;
    // The first message comes at once: it says that the stream is there.
    if (events.length === 0 && missed === 0 && !this.#isFirst) return undefined;
    const restarted = this.#restarted && this.#isFirst;
    this.#isFirst = false;
    return { id: `${this.#log.epoch}-${position}`, data: { events, missed, restarted } };
  }

  atNext(wake: () => void): () => void {
    if (this.#position < this.#log.end) {
      const timer = setTimeout(wake);
      return () => clearTimeout(timer);
    }
    return this.#log.atNext(wake);
  }

  /** The position from which on `last` events match. */
  #startOf(last: number | undefined): number {
    const { start, end } = this.#log;
    if (last === undefined) return start;
    let position = end;
    for (let found = 0; position > start && found < last; position -= 1) {
      if (this.#matches(this.#log.at(position - 1))) found += 1;
    }
    return position;
  }
}

function placeOf(after: string): { readonly epoch: string; readonly position: number } {
  const [, epoch = "", position = ""] = /^([0-9a-f]{8})-(\d{1,15})$/.exec(after) ?? [];
  if (epoch !== "") return { epoch, position: Number(position) };
  throw new HttpError(400, "WRONG_ARGUMENT", "after is not the id of a message of this stream");
}
