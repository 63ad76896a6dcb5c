import type { Attributes, DeliveryOwner, DriverDelivery, PubSubError } from "@anytopic/core/driver";
import type { ConsumeMessage } from "amqplib";
import type { DecodedMessage } from "./codec.ts";
import { unreadable } from "./connection/guard-frames.ts";
import type { Session } from "./receive/session.ts";

/** One message on one channel. It can be settled only through that channel. */
export class RabbitmqDelivery implements DriverDelivery {
  readonly owner: DeliveryOwner<RabbitmqDelivery>;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly attempt: number;
  readonly native: ConsumeMessage;
  readonly order: number;
  readonly acquired: number;
  readonly undecodable: PubSubError | undefined;
  readonly session: Session<RabbitmqDelivery>;

  constructor(
    owner: DeliveryOwner<RabbitmqDelivery>,
    session: Session<RabbitmqDelivery>,
    message: ConsumeMessage,
    decoded: DecodedMessage,
  ) {
    this.owner = owner;
    this.session = session;
    this.id = decoded.id;
    this.body = decoded.body;
    this.attributes = decoded.attributes;
    this.orderingKey = decoded.orderingKey;
    this.publishTimeMs = decoded.publishTimeMs;
    this.attempt = decoded.attempt;
    this.native = message;
    this.order = decoded.order;
    this.acquired = decoded.acquired;
    this.undecodable = unreadable(message);
  }
}
