import { systemClock } from "@anytopic/core";
import { within } from "@anytopic/core/driver";

import { DESTINATION_NAME } from "../conventions/attribute-names.ts";
import { OUTBOX } from "../conventions/metric-names.ts";
import { STATS_EVERY_MS } from "../options.ts";
import type { GaugeValues } from "./gauge-values.ts";
import type { Gauges } from "./gauges.ts";
import type { Live } from "./live-states.ts";
import type { MeasuredOutboxTopic, MeasuredRelay } from "./measured-relay.ts";
import type { Cell } from "./tally.ts";

/** How long a reading waits for the database, in ms. */
const MAX_WAIT_MS = 2000;

/** The outbox of one relay. Its database is asked only when somebody reads, and not too often. */
export class LiveOutbox implements Live {
  readonly #relay: MeasuredRelay;
  readonly #outbox: string;
  readonly #published: Cell;
  #seen = 0;
  #topics: readonly MeasuredOutboxTopic[] = [];
  #pending: Promise<void> | undefined;
  #dueMs = 0;

  constructor(relay: MeasuredRelay, outbox: string, published: Cell) {
    this.#relay = relay;
    this.#outbox = outbox;
    this.#published = published;
  }

  count(): void {
    const { published } = this.#relay.health();
    this.#published.count += published - this.#seen;
    this.#seen = published;
  }

  /** What the database does not tell in time is unknown, and so are the rows of a relay that is closing: its pool may be closed. */
  async observe(values: GaugeValues, gauges: Gauges): Promise<void> {
    if (this.#relay.health().closing) return;
    const nowMs = performance.now();
    if (this.#pending === undefined && nowMs >= this.#dueMs) {
      this.#dueMs = nowMs + STATS_EVERY_MS.default;
      this.#pending = this.#request();
    }
    if (this.#pending !== undefined && !(await within(systemClock, MAX_WAIT_MS, this.#pending))) return;
    // Two relays of one outbox count the same rows.
    const most = Math.max;
    for (const { topic, waiting, oldestAgeMs, held, parked } of this.#topics) {
      const attributes = { [OUTBOX]: this.#outbox, [DESTINATION_NAME]: topic };
      values.set(gauges.outboxWaiting, attributes, waiting, most);
      values.set(gauges.outboxOldestAge, attributes, oldestAgeMs / 1000, most);
      values.set(gauges.outboxHeld, attributes, held, most);
      values.set(gauges.outboxParked, attributes, parked, most);
    }
  }

  async #request(): Promise<void> {
    try {
      this.#topics = (await this.#relay.stats()).topics;
    } catch {
      // The relay logs it, and its health has it.
      this.#topics = [];
    }
    this.#pending = undefined;
  }
}
