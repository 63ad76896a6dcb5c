import type { Clock, TimerHandle } from "@anytopic/core";
import type { SqlExecutor } from "@anytopic/sql";
import type { OutboxTables } from "./sql/outbox-tables.ts";

/** The shortest time between two notifications, in ms: each one costs the database a commit under a lock that all share. */
const NOTIFY_EVERY_MS = 20;

/** Tells relays that there is something to publish: those of this process, and by `NOTIFY` those that listen in other processes. */
export class WakeCalls {
  readonly #relays = new Set<{ wake(): void }>();
  readonly #notify: SqlExecutor | undefined;
  readonly #channel: string;
  readonly #clock: Clock;
  #notifiedMs = Number.NEGATIVE_INFINITY;
  #timer: TimerHandle;
  #isDue = false;

  constructor(notify: SqlExecutor | undefined, channel: string, clock: Clock) {
    this.#notify = notify;
    this.#channel = channel;
    this.#clock = clock;
  }

  /** Returns what removes it again. */
  add(relay: { wake(): void }): () => void {
    this.#relays.add(relay);
    return () => this.#relays.delete(relay);
  }

  /** Returns at once. */
  wake(): void {
    for (const relay of this.#relays) relay.wake();
    const notify = this.#notify;
    if (notify === undefined || this.#isDue) return;
    const leftMs = this.#notifiedMs + NOTIFY_EVERY_MS - this.#clock.monotonicNow();
    if (leftMs <= 0) return this.#send(notify);
    this.#isDue = true;
    this.#timer = this.#clock.setTimer(() => this.#send(notify), leftMs, true);
  }

  #send(notify: SqlExecutor): void {
    this.#clock.clearTimer(this.#timer);
    this.#isDue = false;
    this.#notifiedMs = this.#clock.monotonicNow();
    // A lost notification costs time only: relays look by themselves.
    notify.query("SELECT pg_notify($1::text, '')::text AS sent", [this.#channel]).catch(() => {});
  }
}

/** The channel of an outbox: the name of its table. */
export function wakeChannel({ outbox }: OutboxTables): string {
  return (outbox.parts[0] as string).replaceAll('"', "");
}
