import type { AwsDelivery } from "../delivery.ts";

/** Which deliveries of one FIFO message group this worker holds, in order. */
export class MessageGroups {
  readonly #groups = new Map<string, AwsDelivery[]>();

  add(delivery: AwsDelivery): void {
    if (delivery.group === undefined) return;
    const held = this.#groups.get(delivery.group);
    if (held === undefined) this.#groups.set(delivery.group, [delivery]);
    else held.push(delivery);
  }

  /** Takes the delivery out; those after it stay. */
  remove(delivery: AwsDelivery): void {
    if (delivery.group === undefined) return;
    const held = this.#groups.get(delivery.group);
    const index = held?.indexOf(delivery) ?? -1;
    if (held === undefined || index < 0) return;
    if (held.length === 1) this.#groups.delete(delivery.group);
    else held.splice(index, 1);
  }

  /** Takes the delivery and all after it out, and returns those after it. */
  cut(delivery: AwsDelivery): readonly AwsDelivery[] {
    if (delivery.group === undefined) return [];
    const held = this.#groups.get(delivery.group);
    const index = held?.indexOf(delivery) ?? -1;
    if (held === undefined || index < 0) return [];
    const after = held.splice(index).slice(1);
    if (held.length === 0) this.#groups.delete(delivery.group);
    return after;
  }

  /** Takes everything of a group out. */
  take(group: string): readonly AwsDelivery[] {
    const held = this.#groups.get(group) ?? [];
    this.#groups.delete(group);
    return held;
  }
}
