import type { Message } from "@aws-sdk/client-sqs";
import type { Attributes, DeliveryOwner, DriverDelivery } from "@anytopic/core/driver";
import type { DecodedMessage } from "./wire/decode-message.ts";
import { MAX_VISIBILITY_SECONDS } from "./limits.ts";

/** `"received"`: core does not know it yet. `"held"`: core has it. `"settling"`: core has settled it. `"lost"`: it belongs to nobody here. */
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
  readonly messageId: string;
  readonly receipt: string;
  readonly receiveCount: number;
  /** The FIFO message group. */
  readonly group: string | undefined;
  /** On the monotonic clock. */
  readonly receivedAtMs: number;
  /** On the monotonic clock; never later than SQS has it. */
  leaseEndsAtMs: number;
  state: DeliveryState = "received";
  /** A renewal of the lease waits to be sent, or is on its way. */
  renewing = false;
  /** Pending while it is on its way. */
  renewal: Promise<void> | undefined;

  constructor(owner: DeliveryOwner<AwsDelivery>, decoded: DecodedMessage, receipt: ReceiptFacts) {
    this.owner = owner;
    this.id = decoded.id;
    this.body = decoded.body;
    this.attributes = decoded.attributes;
    this.orderingKey = decoded.orderingKey;
    this.publishTimeMs = decoded.publishTimeMs;
    this.native = decoded.native;
    this.messageId = receipt.messageId;
    this.receipt = receipt.receipt;
    this.receiveCount = receipt.receiveCount;
    this.attempt = receipt.attempt;
    this.group = receipt.group;
    this.receivedAtMs = receipt.receivedAtMs;
    this.leaseEndsAtMs = receipt.leaseEndsAtMs;
  }

  /** So many seconds, or as many as SQS still lets this receipt stay invisible. */
  invisibleFor(seconds: number, nowMs: number): number {
    const usedSeconds = Math.ceil((nowMs - this.receivedAtMs) / 1000) + 1;
    return Math.max(0, Math.min(seconds, MAX_VISIBILITY_SECONDS - usedSeconds));
  }
}

export interface ReceiptFacts {
  readonly messageId: string;
  readonly receipt: string;
  readonly receiveCount: number;
  readonly attempt: number;
  readonly group: string | undefined;
  readonly receivedAtMs: number;
  readonly leaseEndsAtMs: number;
}
