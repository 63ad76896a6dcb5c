import type { AwsDelivery } from "../delivery.ts";

/** The deliveries of each FIFO message group that this worker holds, in order. */
export class MessageGroups {
  readonly #groups = new Map<string, AwsDelivery[]>();

  add(delivery: AwsDelivery): void {
    if (delivery.group === undefined) return;
    const held = this.#groups.get(delivery.group);
    if (held === undefined) this.#groups.set(delivery.group, [delivery]);
    else held.push(delivery);
  }

  /** Removes the delivery, and keeps those after it. */
  remove(delivery: AwsDelivery): void {
    if (delivery.group === undefined) return;
    const held = this.#groups.get(delivery.group);
    const index = held?.indexOf(delivery) ?? -1;
    if (held === undefined || index < 0) return;
    if (held.length === 1) this.#groups.delete(delivery.group);
    else held.splice(index, 1);
  }

  /** Removes the delivery and all after it, and returns those after it. */
  cut(delivery: AwsDelivery): readonly AwsDelivery[] {
    if (delivery.group === undefined) return [];
    const held = this.#groups.get(delivery.group);
    const index = held?.indexOf(delivery) ?? -1;
    if (held === undefined || index < 0) return [];
    const after = held.splice(index).slice(1);
    if (held.length === 0) this.#groups.delete(delivery.group);
    return after;
  }

  /** Removes and returns all deliveries of a group. */
  take(group: string): readonly AwsDelivery[] {
    const held = this.#groups.get(group) ?? [];
    this.#groups.delete(group);
    return held;
  }
}
