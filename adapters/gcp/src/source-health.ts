import type { DeliverySink } from "@anytopic/core/driver";
import { type Attempted, isTransient, toPubSubError } from "./errors.ts";
import type { Source } from "./source.ts";

/** Whether a worker's sources can be read, as core is to hear it: once per change. */
export class SourceHealth {
  readonly #sink: DeliverySink;
  readonly #attempted: Attempted;
  readonly #failing = new Map<Source, "transient" | "fatal">();

  constructor(sink: DeliverySink, attempted: Attempted) {
    this.#sink = sink;
    this.#attempted = attempted;
  }

  fails(source: Source, error: unknown): void {
    this.#failing.set(source, isTransient(error) ? "transient" : "fatal");
    this.#sink.failing(toPubSubError(error, { ...this.#attempted, resource: `subscription ${source.subscription}` }));
  }

  /** All sources of a worker share its connection: what comes through for one has come back for the others, which may have no room to try. */
  works(source: Source): void {
    if (this.#failing.size === 0) return;
    for (const [other, failure] of this.#failing) {
      if (other === source || failure === "transient") this.#failing.delete(other);
    }
    if (this.#failing.size === 0) this.#sink.receiving(true);
  }
}
