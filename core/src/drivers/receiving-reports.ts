import type { PubSubError } from "../base/errors.ts";

/** The part of a `DeliverySink` that is used here. */
interface Told {
  failing(error: PubSubError): void;
  receiving(reconnected: boolean): void;
}

/**
 * Reports to core whether a worker receives, when several parts of it can fail: a failure once per error code, and `receiving` when the
 * last failing part works again. A part that reported a failure must report its end.
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

  /** A part works. Cheap when nothing fails. With `ofAll`, this also ends the `retryable` failures of all other parts. */
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
