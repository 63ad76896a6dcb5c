import type { PubSubError } from "../base/errors.ts";

/** Of a `DeliverySink`. */
interface Told {
  failing(error: PubSubError): void;
  receiving(reconnected: boolean): void;
}

/**
 * Tells core whether a worker receives, where several parts of it have a say: that one fails, once per code, and that the
 * last of those that failed works again. Whatever reported a failure has to report its end.
 */
export class ReceivingReports<Part> {
  readonly #sink: Told;
  readonly #failing = new Map<Part, PubSubError>();
  #told: PubSubError | undefined;
  #connectionLost = false;

  constructor(sink: Told) {
    this.#sink = sink;
  }

  failing(part: Part, error: PubSubError, connectionLost: boolean): void {
    this.#failing.set(part, error);
    this.#connectionLost ||= connectionLost;
    if (this.#told?.code === error.code) return;
    this.#told = error;
    this.#sink.failing(error);
  }

  /** Cheap when nothing fails. With `ofAll`, what came through for one part has also come back for the others: what time mends is mended. */
  receiving(part: Part, ofAll = false): void {
    if (this.#failing.size === 0) return;
    this.#failing.delete(part);
    if (ofAll) for (const [other, { retryable }] of this.#failing) if (retryable) this.#failing.delete(other);
    if (this.#failing.size > 0) return;
    const reconnected = this.#connectionLost;
    this.#connectionLost = false;
    this.#told = undefined;
    this.#sink.receiving(reconnected);
  }
}
