import type { InFlight } from "./in-flight.ts";

/**
 * How a delivery ends at the broker. `"retry"`: again after a delay. `"release"`: not started, again at once.
 * `"lease-ended"`: not started either, and maybe another's by now.
 */
export type BrokerSettle = "ack" | "retry" | "release" | "lease-ended";

/**
 * The last step of a delivery: the broker is told, here and nowhere else. Returns its confirmation, `undefined` when there
 * will be none, see `DeliveryOwner`.
 */
export function settleAtBroker({ delivery }: InFlight, settle: BrokerSettle, delayMs = 0): Promise<void> | undefined {
  if (settle === "ack") return delivery.owner.ack(delivery);
  if (settle === "retry") return delivery.owner.retry(delivery, delayMs);
  return delivery.owner.release(delivery, settle === "lease-ended");
}
