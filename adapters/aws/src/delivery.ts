import type { Message } from "@aws-sdk/client-sqs";
import type { Attributes, DeliveryOwner, DriverDelivery } from "@anytopic/core/driver";
import { MAX_VISIBILITY_SECONDS } from "./limits.ts";
import type { DecodedMessage } from "./wire/decode-message.ts";

/** `"received"`: core does not know it yet. `"held"`: core has it. `"settling"`: core has settled it. `"lost"`: it no longer belongs to this worker. */
export type DeliveryState = "received" | "held" | "settling" | "lost";

/** One receipt of a message. */
export class AwsDelivery implements DriverDelivery {
  readonly owner: DeliveryOwner<AwsDelivery>;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly native: Message;
  readonly attempt: number;
  /** The FIFO message group. */
  readonly group: string | undefined;
  /** On the monotonic clock. */
  readonly receivedAtMs: number;
  /** On the monotonic clock, and never later than at SQS. */
  leaseEndsAtMs: number;
  state: DeliveryState = "received";
  /** A renewal of the lease waits to be sent, or its answer is pending. */
  renewing = false;
  /** Pending until the answer to the renewal. */
  renewal: Promise<void> | undefined;

  constructor(
    owner: DeliveryOwner<AwsDelivery>,
    decoded: DecodedMessage,
    attempt: number,
    group: string | undefined,
    receivedAtMs: number,
    leaseEndsAtMs: number,
  ) {
    this.owner = owner;
    this.id = decoded.id;
    this.body = decoded.body;
    this.attributes = decoded.attributes;
    this.orderingKey = decoded.orderingKey;
    this.publishTimeMs = decoded.publishTimeMs;
    this.native = decoded.native;
    this.attempt = attempt;
    this.group = group;
    this.receivedAtMs = receivedAtMs;
    this.leaseEndsAtMs = leaseEndsAtMs;
  }

  /** These seconds, or fewer where SQS allows this receipt no more. */
  invisibleFor(seconds: number, nowMs: number): number {
    const usedSeconds = Math.ceil((nowMs - this.receivedAtMs) / 1000) + 1;
    return Math.max(0, Math.min(seconds, MAX_VISIBILITY_SECONDS - usedSeconds));
  }
}
