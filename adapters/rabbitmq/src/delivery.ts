import type { Attributes, DeliveryOwner, DriverDelivery, PubSubError } from "@anytopic/core/driver";
import type { ConsumeMessage } from "amqplib";
import type { DecodedMessage } from "./codec.ts";
import { unreadable } from "./connection/guard-frames.ts";
import type { Session } from "./receive/session.ts";

/** One message on one channel. Settles through that channel or not at all. */
export class Delivery implements DriverDelivery {
  readonly owner: DeliveryOwner<Delivery>;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly attempt: number;
  readonly native: ConsumeMessage;
  readonly order: number;
  /** How often the broker saw it come back. */
  readonly returns: number;
  readonly undecodable: PubSubError | undefined;
  /** The channel it came on. */
  readonly session: Session<Delivery>;
  /** Whether core knows of it. */
  withCore = false;

  constructor(
    message: ConsumeMessage,
    decoded: DecodedMessage,
    session: Session<Delivery>,
    owner: DeliveryOwner<Delivery>,
  ) {
    this.id = decoded.id;
    this.body = decoded.body;
    this.attributes = decoded.attributes;
    this.orderingKey = decoded.orderingKey;
    this.publishTimeMs = decoded.publishTimeMs;
    this.attempt = decoded.attempt;
    this.native = message;
    this.order = decoded.order;
    this.returns = decoded.returns;
    this.undecodable = unreadable(message);
    this.session = session;
    this.owner = owner;
  }

  get tag(): number {
    return this.native.fields.deliveryTag;
  }
}
