import type { Clock } from "@anytopic/core";
import { OutboxCounts } from "./counts/outbox-counts.ts";
import type { Exposition } from "./exposition/exposition.ts";
import type { Gauges } from "./scrape/gauges.ts";
import { OutboxPoll } from "./scrape/outbox-poll.ts";
import type { CheckedSources } from "./sources.ts";

type Sources = CheckedSources["outboxes"];

/** What databases tell of outboxes, and what relays of this process have done. */
export class Outboxes {
  readonly #poll: OutboxPoll;
  readonly #counts = new OutboxCounts();

  constructor(clock: Clock) {
    this.#poll = new OutboxPoll(clock);
  }

  /** Asks the databases that are due. Never rejects. */
  async addTo(gauges: Gauges, outboxes: Sources): Promise<void> {
    const reads = outboxes.map(async ({ outbox, relay }) => {
      const topics = await this.#poll.read(relay, () => this.#counts.statsFailed(outbox));
      for (const topic of topics) gauges.addOutbox(outbox, topic);
    });
    await Promise.all(reads);
  }

  writeTo(exposition: Exposition, outboxes: Sources): void {
    for (const { outbox, relay } of outboxes) this.#counts.look(outbox, relay);
    this.#counts.writeTo(exposition);
  }
}
