import type { DeliverySink, PubSubError } from "@anytopic/core/driver";

/** What may keep an ordered worker from receiving. A worker that stands by has no pull loop: its connection speaks for itself. */
export type FailingPart = "connection" | "election" | "pulls";

/** Tells core that a worker receives again when the last of its parts does: whatever reported a failure has to report its end. */
export class FailureReports {
  readonly #sink: DeliverySink;
  readonly #failing = new Set<FailingPart>();

  constructor(sink: DeliverySink) {
    this.#sink = sink;
  }

  failing(part: FailingPart, error: PubSubError): void {
    this.#failing.add(part);
    this.#sink.failing(error);
  }

  receiving(part: FailingPart, reconnected: boolean): void {
    this.#failing.delete(part);
    if (this.#failing.size === 0) this.#sink.receiving(reconnected);
  }

  /** The part has ended; another one, if given, is what still fails. */
  ended(part: FailingPart, instead: FailingPart | undefined): void {
    if (!this.#failing.has(part)) return;
    if (instead !== undefined) this.#failing.add(instead);
    this.receiving(part, false);
  }
}
