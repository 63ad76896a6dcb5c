import type { EventReport } from "../api/event-report.ts";
import type { EventRing } from "../events/event-ring.ts";
import type { Destination } from "./send-options.ts";
import { postReport } from "./post-report.ts";

const EVERY_MS = 250;
const MIN_PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
const CLOSE_MS = 1000;
const MAX_EVENTS = 1000;
/** Below what the dashboard accepts, in characters; an event is mostly ASCII. */
const MAX_CHARACTERS = 300_000;

/** Sends what is in the ring, one report at a time. What leaves the ring before it was sent is lost; the dashboard sees the gap. */
export class ReportSender {
  readonly #ring: EventRing;
  readonly #destination: Destination & { readonly sender: string };
  /** The position of the next event to send. */
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(ring: EventRing, destination: Destination & { readonly sender: string }) {
    this.#ring = ring;
    this.#destination = destination;
  }

  /** There is something to send. Costs nothing while a report is planned. */
  wake(): void {
    if (this.#timer === undefined && this.#sending === undefined && !this.#isClosed) this.#plan(EVERY_MS);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const deadlineMs = performance.now() + CLOSE_MS;
    await this.#reportUnderWay();
    while (this.#next < this.#ring.end && performance.now() < deadlineMs) {
      if (!(await this.#report(Math.max(1, deadlineMs - performance.now()), true))) return;
    }
  }

  /** Waits for it, at most `CLOSE_MS`. */
  async #reportUnderWay(): Promise<void> {
    if (this.#sending === undefined) return;
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_MS);
    await Promise.race([this.#sending, tooLate]);
    clearTimeout(timer);
  }

  #plan(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#send();
    }, delayMs);
    this.#timer.unref();
  }

  async #send(): Promise<void> {
    const reached = await this.#report(2000, false);
    this.#sending = undefined;
    if (this.#isClosed) return;
    this.#failures = reached ? 0 : this.#failures + 1;
    if (!reached) this.#plan(pauseMs(this.#failures));
    else if (this.#next < this.#ring.end) this.#plan(this.#ring.end - this.#next >= MAX_EVENTS ? 0 : EVERY_MS);
  }

  /** Resolves with false when the dashboard cannot be reached, or does not know us: then the same events are sent again. */
  async #report(timeoutMs: number, keepsAlive: boolean): Promise<boolean> {
    const first = Math.max(this.#next, this.#ring.start);
    const events = this.#eventsFrom(first);
    const { service, sender, url, token } = this.#destination;
    const head = { service, sender, first } satisfies Omit<EventReport, "events">;
    const body = `${JSON.stringify(head).slice(0, -1)},"events":[${events.join(",")}]}`;
    const status = await postReport({ url, token, body, timeoutMs, keepsAlive });
    // A report that the dashboard does not understand would be refused for ever.
    const isOver = status !== undefined && ((status >= 200 && status < 300) || status === 400 || status === 413);
    if (isOver) this.#next = first + events.length;
    return isOver;
  }

  #eventsFrom(first: number): readonly string[] {
    const events: string[] = [];
    let characters = 0;
    const end = Math.min(this.#ring.end, first + MAX_EVENTS);
    for (let position = first; position < end && characters < MAX_CHARACTERS; position += 1) {
      const event = JSON.stringify(this.#ring.at(position));
      characters += event.length;
      events.push(event);
    }
    return events;
  }
}

/** 1 s, 2 s, 4 s … 30 s, spread, so that services do not knock together. */
function pauseMs(failures: number): number {
  return Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** (failures - 1)) * (0.75 + Math.random() / 2);
}
