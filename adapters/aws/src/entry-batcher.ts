/** Entries wait at most this long for others, in ms, so that ten of them cost one request. */
const LINGER_MS = 20;

/**
 * Collects entries of a batch call: sent when there are ten, or when the first has waited long enough. `send` must not
 * reject.
 */
export class EntryBatcher<Entry> {
  readonly #size: number;
  readonly #send: (entries: Entry[]) => Promise<void>;
  readonly #sending = new Set<Promise<void>>();
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(size: number, send: (entries: Entry[]) => Promise<void>) {
    this.#size = size;
    this.#send = send;
  }

  add(entry: Entry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length >= this.#size) this.#sendNow();
    else this.#timer ??= setTimeout(() => this.#sendNow(), LINGER_MS);
  }

  /** Sends what waits; resolves when nothing is under way any more. */
  async flush(): Promise<void> {
    this.#sendNow();
    while (this.#sending.size > 0) {
      await Promise.all(this.#sending);
      this.#sendNow();
    }
  }

  #sendNow(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    const entries = this.#waiting;
    this.#waiting = [];
    const sending: Promise<void> = this.#send(entries).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }
}
