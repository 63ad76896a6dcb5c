import { pause, timeLeft } from "@anytopic/core/driver";
import type { Delivery } from "../delivery.ts";
import type { Session } from "../receive/session.ts";

const PROBE_PAUSE_MS = 20;
/** A broker that answers nothing for so long has other troubles; better late order than none at all. */
const LONGEST_MS = 5000;

/**
 * The first deliveries of a session on an ordered subscription. What the last worker left unsettled comes first, marked as
 * redelivered, but not always in its old order: RabbitMQ gives messages back in the order in which it last delivered them,
 * so one that was retried comes after its successors. So they are gathered until the first message that was never
 * delivered, or until the queue has no more, and sorted by key.
 */
export class Takeover {
  readonly #session: Session<Delivery>;
  readonly #prefetch: number;
  readonly #done: (deliveries: readonly Delivery[]) => void;
  #gathered: Delivery[] = [];
  #probing = false;
  #over = false;

  constructor(session: Session<Delivery>, prefetch: number, done: (deliveries: readonly Delivery[]) => void) {
    this.#session = session;
    this.#prefetch = prefetch;
    this.#done = done;
  }

  /** Takes the next delivery of the session; false when it is not for the takeover, which is then over. */
  take(delivery: Delivery): boolean {
    if (this.#over) return false;
    if (!delivery.native.fields.redelivered) {
      this.#finish();
      return false;
    }
    this.#gathered.push(delivery);
    if (!this.#probing) void this.#probe();
    return true;
  }

  /** Waits until the queue has no message left that might belong to what the last worker had. */
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
      // The session ended, and with it all that was gathered.
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

/** Sorts the messages of each key that was retried, in the places that this key has; touches nothing else. */
export function inOrder(deliveries: readonly Delivery[]): Delivery[] {
  const places = new Map<string, number[]>();
  for (const [index, { orderingKey, order }] of deliveries.entries()) {
    if (orderingKey === undefined || order === 0) continue;
    const ofKey = places.get(orderingKey);
    if (ofKey === undefined) places.set(orderingKey, [index]);
    else ofKey.push(index);
  }
  const sorted = [...deliveries];
  for (const indexes of places.values()) {
    const ofKey = indexes.map((index) => deliveries[index] as Delivery);
    // Given back once only: in their old order already, and clocks of different publishers need not agree on it.
    if (!ofKey.some(({ returns }) => returns > 1)) continue;
    ofKey.sort((a, b) => a.order - b.order);
    for (const [place, index] of indexes.entries()) sorted[index] = ofKey[place] as Delivery;
  }
  return sorted;
}
