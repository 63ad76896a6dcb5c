import type { Attributes, DeliveryOwner, DriverDelivery } from "@anytopic/core/driver";
import type { KeyWaits } from "./ordering/key-waits.ts";
import type { WireReceived } from "./connection/rpc.ts";
import type { SettleQueue } from "./settle/settle-queue.ts";
import type { Decoded } from "./codec.ts";

/** Where deliveries come from and where they are settled. */
export interface DeliverySource {
  readonly settles: SettleQueue;
  /** Deliveries with core or parked here, by the service's message id, so that a redelivery meanwhile is recognised. */
  readonly held: Map<string, GcpDelivery>;
  readonly keyWaits: KeyWaits;
}

/** One lease of one message. The ack id names the lease, so settling a lost delivery does no harm. */
export class GcpDelivery implements DriverDelivery {
  readonly owner: DeliveryOwner<GcpDelivery>;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly native: WireReceived;
  readonly attempt: number;
  readonly source: DeliverySource;
  /** By the monotonic clock, from the moment the message was received: the lease expires on time even if the system's clock is set back. */
  leaseUntilMs: number;
  /** While the message is held, a second lease may replace the first. */
  ackId: string;
  /** No longer held by this worker. */
  settled = false;
  /** Taken from core before it was settled: its handler may still succeed. */
  lost = false;
  /** Counts among core's unsettled deliveries. */
  withCore = false;
  /** Failed in this worker without being counted by the service. */
  failedHere = false;

  constructor(
    owner: DeliveryOwner<GcpDelivery>,
    source: DeliverySource,
    received: WireReceived,
    decoded: Decoded,
    attempt: number,
    leaseUntilMs: number,
  ) {
    const { message } = received;
    this.owner = owner;
    this.id = decoded.id;
    this.body = message.data;
    this.attributes = decoded.attributes;
    this.orderingKey = message.orderingKey === "" ? undefined : message.orderingKey;
    this.publishTimeMs = decoded.publishTimeMs;
    this.native = received;
    this.attempt = attempt;
    this.source = source;
    this.leaseUntilMs = leaseUntilMs;
    this.ackId = received.ackId;
  }

  /** A new delivery under the same lease. */
  again(attempt: number): GcpDelivery {
    const { id, attributes, publishTimeMs } = this;
    const decoded = { id, attributes, publishTimeMs, previousAttempts: 0 };
    const next = new GcpDelivery(this.owner, this.source, this.native, decoded, attempt, this.leaseUntilMs);
    next.ackId = this.ackId;
    next.withCore = this.withCore;
    next.failedHere = this.failedHere || attempt > this.attempt;
    return next;
  }
}
