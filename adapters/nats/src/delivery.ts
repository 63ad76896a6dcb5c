import type { Attributes, DeliveryOwner, DriverDelivery, Held } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import type { Metadata } from "./codec.ts";
import { brokerId, type SubscriptionNames } from "./names.ts";
import type { AckSubject } from "./wire/ack-subject.ts";

/** One delivery of one message. */
export class NatsDelivery implements DriverDelivery, Held<NatsDelivery> {
  readonly owner: DeliveryOwner<NatsDelivery>;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly native: Msg;
  readonly undecodable: Error | undefined;
  readonly attempt: number;
  /** Its place in the stream: the order of publishing. */
  readonly streamSequence: number;
  /** When the stream stored it, Unix ms. */
  readonly storedMs: number;
  /** Its latest delivery to this worker, in the consumer's count. */
  consumerSequence: number;
  /** It is settled on this subject, over any connection. A redelivery to the same worker replaces it. */
  ackSubject: string;
  /** Until this time it certainly is this worker's, by the monotonic clock. Only where acks are confirmed. */
  leaseUntilMs = 0;
  isHeld = false;
  older: NatsDelivery | undefined = undefined;
  newer: NatsDelivery | undefined = undefined;

  constructor(
    owner: DeliveryOwner<NatsDelivery>,
    names: SubscriptionNames,
    message: Msg,
    ack: AckSubject,
    ackSubject: string,
    metadata: Metadata,
    attempt: number,
  ) {
    this.owner = owner;
    this.id = metadata.id ?? brokerId(names.stream, ack.streamSequence);
    this.body = message.data;
    this.attributes = metadata.attributes;
    this.orderingKey = metadata.orderingKey;
    this.publishTimeMs = metadata.publishTimeMs ?? ack.timestampMs;
    this.native = message;
    this.undecodable = metadata.undecodable;
    this.attempt = attempt;
    this.streamSequence = ack.streamSequence;
    this.storedMs = ack.timestampMs;
    this.consumerSequence = ack.consumerSequence;
    this.ackSubject = ackSubject;
  }
}
