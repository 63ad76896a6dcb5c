import { type Clock, PubSubError } from "@anytopic/core/driver";
import type { GcpDelivery } from "../delivery.ts";
import { failedAckIds } from "./failed-ack-ids.ts";
import type { Source } from "../receive/source.ts";

/** Renews leases and notes how long they hold; returns those that the service said are lost. The others are found when they run out. */
export async function extendLeases(
  source: Source,
  deliveries: readonly GcpDelivery[],
  leaseSeconds: number,
  clock: Clock,
): Promise<readonly GcpDelivery[]> {
  const leaseUntilMs = clock.monotonicNow() + leaseSeconds * 1000;
  const ackIds = deliveries.map(({ ackId }) => ackId);
  let failed: ReturnType<typeof failedAckIds>;
  try {
    await source.settles.deadline(ackIds, leaseSeconds);
  } catch (error) {
    failed = error instanceof PubSubError ? failedAckIds(error.cause) : undefined;
    if (failed === undefined) return [];
  }
  const lost: GcpDelivery[] = [];
  for (const [index, delivery] of deliveries.entries()) {
    const ackId = ackIds[index] as string;
    // Replaced meanwhile by a newer lease of the same message.
    if (delivery.ackId !== ackId) continue;
    const failure = failed?.get(ackId);
    if (failure === "permanent") lost.push(delivery);
    else if (failure === undefined) delivery.leaseUntilMs = leaseUntilMs;
  }
  return lost;
}
