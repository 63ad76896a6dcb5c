import type { DeliverySink } from "@anytopic/core/driver";
import { type Attempted, isTransient, toPubSubError } from "./errors.ts";

/** Whether a worker's sources can be read, as core is to hear it: once per change. */
export class SourceHealth {
  readonly #sink: DeliverySink;
  readonly #attempted: Attempted;
  /** By subscription. */
  readonly #failing = new Map<string, "transient" | "fatal">();

  constructor(sink: DeliverySink, attempted: Attempted) {
    this.#sink = sink;
    this.#attempted = attempted;
  }

  fails(subscription: string, error: unknown): void {
    this.#failing.set(subscription, isTransient(error) ? "transient" : "fatal");
    this.#sink.failing(toPubSubError(error, { ...this.#attempted, resource: `subscription ${subscription}` }));
  }

  /** All sources of a worker share its connection: what comes through for one has come back for the others, which may have no room to try. */
  works(subscription: string): void {
    if (this.#failing.size === 0) return;
    for (const [other, failure] of this.#failing) {
      if (other === subscription || failure === "transient") this.#failing.delete(other);
    }
    if (this.#failing.size === 0) this.#sink.receiving(true);
  }
}
