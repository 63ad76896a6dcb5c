import { pause, timeLeft } from "@anytopic/core/driver";
import type { RabbitmqDelivery } from "../delivery.ts";
import type { Session } from "../receive/session.ts";

const PROBE_PAUSE_MS = 20;
/** If the queue is not empty after this time, the messages that have arrived are sorted and delivered. */
const LONGEST_MS = 5000;

/**
 * The first deliveries of a session on an ordered subscription. The unsettled messages of the last worker come first, marked as
 * redelivered, but not always in order of publishing: RabbitMQ returns messages in the order of their last delivery, so a
 * retried message comes after its successors. So they are gathered until the first message that was never delivered,
 * or until the queue has no more, and sorted by key.
 */
export class Takeover {
  readonly #session: Session<RabbitmqDelivery>;
  readonly #prefetch: number;
  readonly #done: (deliveries: readonly RabbitmqDelivery[]) => void;
  #gathered: RabbitmqDelivery[] = [];
  #probing = false;
  #over = false;

  constructor(
    session: Session<RabbitmqDelivery>,
    prefetch: number,
    done: (deliveries: readonly RabbitmqDelivery[]) => void,
  ) {
    this.#session = session;
    this.#prefetch = prefetch;
    this.#done = done;
  }

  /** Takes the next delivery of the session. Returns false if the takeover is over. */
  take(delivery: RabbitmqDelivery): boolean {
    if (this.#over) return false;
    if (!delivery.native.fields.redelivered) {
      this.#finish();
      return false;
    }
    this.#gathered.push(delivery);
    if (!this.#probing) void this.#probe();
    return true;
  }

  /** Waits until the queue has no more messages that the last worker may have had. */
  async #probe(): Promise<void> {
    this.#probing = true;
    const { clock } = this.#session;
    const leftMs = timeLeft(clock, LONGEST_MS);
    try {
      while (!this.#over && this.#gathered.length < this.#prefetch && leftMs() > 0) {
        if ((await this.#session.readyCount()) === 0) break;
        await pause(clock, PROBE_PAUSE_MS);
      }
    } catch {
      // The session has ended, and the gathered deliveries are lost with it.
      this.#over = true;
      return;
    }
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#done(inOrder(this.#gathered));
    this.#gathered = [];
  }
}

/** Sorts the messages of each key of which one has come more than once. They stay in the places of their key; other messages do not move. */
export function inOrder(deliveries: readonly RabbitmqDelivery[]): RabbitmqDelivery[] {
  const places = new Map<string, number[]>();
  for (const [index, { orderingKey, order }] of deliveries.entries()) {
    if (orderingKey === undefined || order === 0) continue;
    const ofKey = places.get(orderingKey);
    if (ofKey === undefined) places.set(orderingKey, [index]);
    else ofKey.push(index);
  }
  const sorted = [...deliveries];
  for (const indexes of places.values()) {
    const ofKey = indexes.map((index) => deliveries[index] as RabbitmqDelivery);
    // Each was given only to the last worker: they are in order already. `order` could be wrong, since clocks of publishers differ.
    if (!ofKey.some(({ acquired }) => acquired > 1)) continue;
    ofKey.sort((a, b) => a.order - b.order);
    for (const [place, index] of indexes.entries()) sorted[index] = ofKey[place] as RabbitmqDelivery;
  }
  return sorted;
}
