import type { Clock } from "@anytopic/core";
import { within } from "@anytopic/core/driver";
import type { MeasuredOutboxTopic, MeasuredRelay } from "../sources.ts";
import { Inquiry, MAX_WAIT_MS } from "./inquiry.ts";

/** What databases tell of outboxes: as often, as old, and waited for as long as what brokers tell of subscriptions. */
export class OutboxPoll {
  readonly #clock: Clock;
  readonly #inquiries = new WeakMap<MeasuredRelay, Inquiry<readonly MeasuredOutboxTopic[]>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The topics of the relay's outbox; none when nothing is known. A relay that is closing is not asked: its pool may be closed already.
   *
   * @param onFailed called for a request that this call makes and that fails. Never rejects.
   */
  async read(relay: MeasuredRelay, onFailed: () => void): Promise<readonly MeasuredOutboxTopic[]> {
    if (relay.health().closing) return [];
    const inquiry = this.#inquiry(relay, onFailed);
    const pending = inquiry.ask();
    if (pending !== undefined) await within(this.#clock, MAX_WAIT_MS, pending);
    return inquiry.answer ?? [];
  }

  #inquiry(relay: MeasuredRelay, onFailed: () => void): Inquiry<readonly MeasuredOutboxTopic[]> {
    const known = this.#inquiries.get(relay);
    if (known !== undefined) return known;
    const inquiry = new Inquiry({
      clock: this.#clock,
      request: async () => (await relay.stats()).topics,
      onFailed: () => {
        if (!relay.health().closing) onFailed();
      },
    });
    this.#inquiries.set(relay, inquiry);
    return inquiry;
  }
}
