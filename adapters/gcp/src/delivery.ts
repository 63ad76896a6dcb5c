import type { Attributes, DeliveryOwner, DriverDelivery } from "@anytopic/core/driver";
import type { KeyWaits } from "./ordering/key-waits.ts";
import type { WireReceived } from "./connection/rpc.ts";
import type { SettleQueue } from "./settle/settle-queue.ts";
import type { Decoded } from "./codec.ts";

/** Where deliveries come from, and are settled. */
export interface DeliverySource {
  readonly settles: SettleQueue;
  /** What is with core or waits here, by the service's message id: a message that comes again while it is held is recognised. */
  readonly held: Map<string, GcpDelivery>;
  readonly keyWaits: KeyWaits;
}

/** One lease of one message. The ack id names the lease, so settling a lost one harms nobody. */
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
  /** By the monotonic clock, from when we heard of the lease: it runs out on time even when somebody sets the clock back. */
  leaseUntilMs: number;
  /** A second lease of the same message may replace the first while it is held. */
  ackId: string;
  /** Neither with core nor here any more. */
  settled = false;
  /** Taken from core before it was settled: its handler may still succeed. */
  lost = false;
  /** Counts among core's unsettled deliveries. */
  withCore = false;
  /** Failed at this worker in a way that the service has not counted. */
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

  /** The same lease once more, for the next attempt. */
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
