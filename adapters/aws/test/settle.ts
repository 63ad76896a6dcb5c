import type { DriverDelivery } from "@anytopic/core/driver";

/** As core settles. */
export const ack = (delivery: DriverDelivery | undefined): Promise<void> | undefined => delivery?.owner.ack(delivery);
export const retry = (delivery: DriverDelivery | undefined, delayMs: number): Promise<void> | undefined =>
  delivery?.owner.retry(delivery, delayMs);
