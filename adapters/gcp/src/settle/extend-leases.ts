import { type Clock, PubSubError } from "@anytopic/core/driver";
import type { DeliverySource, GcpDelivery } from "../delivery.ts";
import { failedAckIds } from "./failed-ack-ids.ts";

/**
 * Renews leases and notes how long they last. Never rejects. `lost` is called for those that the service says are lost;
 * other lost leases are found when they expire.
 */
export async function extendLeases(
  { settles, held }: DeliverySource,
  deliveries: readonly GcpDelivery[],
  leaseSeconds: number,
  clock: Clock,
  lost: (delivery: GcpDelivery) => void,
): Promise<void> {
  const leaseUntilMs = clock.monotonicNow() + leaseSeconds * 1000;
  const ackIds = deliveries.map(({ ackId }) => ackId);
  let failed: ReturnType<typeof failedAckIds>;
  try {
    await settles.deadline(ackIds, leaseSeconds);
  } catch (error) {
    failed = error instanceof PubSubError ? failedAckIds(error.cause) : undefined;
    if (failed === undefined) return;
  }
  for (const [index, delivery] of deliveries.entries()) {
    const ackId = ackIds[index] as string;
    // A newer lease of the same message has replaced it meanwhile.
    if (delivery.ackId !== ackId) continue;
    const failure = failed?.get(ackId);
    // Meanwhile core may have got a new delivery under the same lease.
    const current = held.get(delivery.native.message.messageId);
    const ofLease = current?.ackId === ackId ? current : delivery;
    if (failure === "permanent") lost(ofLease);
    else if (failure === undefined) ofLease.leaseUntilMs = leaseUntilMs;
  }
}
