import type { Attributes, DeliveryOwner, DriverDelivery, Held } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";
import type { AckSubject } from "./wire/ack-subject.ts";
import { brokerId, type Metadata } from "./codec.ts";
import type { SubscriptionNames } from "./names.ts";

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
  /** The latest delivery of it to this worker, in the consumer's count. */
  consumerSequence: number;
  /** Where it is settled. Stateless: valid on any connection. A redelivery to the same worker renews it. */
  ackSubject: string;
  /** Until when it certainly is this worker's, by the monotonic clock: a wall clock may be set back. Kept where acks are confirmed. */
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
