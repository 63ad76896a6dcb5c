import type { Exposition } from "../exposition/exposition.ts";
import { labelText } from "../exposition/labels.ts";
import type { MeasuredRelay } from "../sources.ts";

interface OutboxCount {
  published: number;
  statsFailed: number;
}

/** What happened to outboxes, by their names. Never goes down, also when a relay is closed and another one takes its place. */
export class OutboxCounts {
  readonly #outboxes = new Map<string, OutboxCount>();
  /** What each relay had published when it was last looked at. */
  readonly #seen = new WeakMap<MeasuredRelay, number>();

  /** Adds what the relay has published since the last call. */
  look(outbox: string, relay: MeasuredRelay): void {
    const { published } = relay.health();
    this.#outbox(outbox).published += published - (this.#seen.get(relay) ?? 0);
    this.#seen.set(relay, published);
  }

  statsFailed(outbox: string): void {
    this.#outbox(outbox).statsFailed += 1;
  }

  writeTo(exposition: Exposition): void {
    for (const [outbox, { published, statsFailed }] of this.#outboxes) {
      const labels = labelText({ outbox });
      exposition.add("outboxPublished", labels, published);
      exposition.add("outboxStatsFailed", labels, statsFailed);
    }
  }

  #outbox(name: string): OutboxCount {
    const known = this.#outboxes.get(name) ?? { published: 0, statsFailed: 0 };
    this.#outboxes.set(name, known);
    return known;
  }
}
