import type { Clock, TimerHandle } from "@anytopic/core/driver";
import { MAX_BATCH_ENTRIES } from "../limits.ts";

/** Entries wait at most this long for others, in ms, so that ten of them share one request. */
const LINGER_MS = 20;

/**
 * Collects the entries of a batch call. They are sent when there are ten, or when the first one has waited long enough.
 * `send` must not reject.
 */
export class EntryBatcher<Entry> {
  readonly #clock: Clock;
  readonly #send: (entries: Entry[]) => Promise<void>;
  readonly #sending = new Set<Promise<void>>();
  #waiting: Entry[] = [];
  #timer: TimerHandle;

  constructor(clock: Clock, send: (entries: Entry[]) => Promise<void>) {
    this.#clock = clock;
    this.#send = send;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length >= MAX_BATCH_ENTRIES) this.#sendNow();
    else this.#timer ??= this.#clock.setTimer(() => this.#sendNow(), LINGER_MS, true);
  }

  /** Sends the entries that wait, and resolves when no call is pending. */
  async flush(): Promise<void> {
    this.#sendNow();
    while (this.#sending.size > 0) {
      await Promise.all(this.#sending);
      this.#sendNow();
    }
  }

  #sendNow(): void {
    this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const entries = this.#waiting;
    this.#waiting = [];
    const sending: Promise<void> = this.#send(entries).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }
}
