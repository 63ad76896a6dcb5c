import type { Attributes, DriverDelivery, PubSubError } from "@anytopic/core/driver";
import type { ConsumeMessage } from "amqplib";
import type { DecodedMessage } from "./codec.ts";
import { unreadable } from "./guard-frames.ts";
import type { Session } from "./session.ts";

/** What a worker does with its deliveries. */
export interface Settler {
  ack(delivery: Delivery): Promise<void> | undefined;
  retry(delivery: Delivery, delayMs: number): Promise<void> | undefined;
  release(delivery: Delivery): Promise<void> | undefined;
}

/** One message on one channel. Settles through that channel or not at all. */
export class Delivery implements DriverDelivery {
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
  readonly #settler: Settler;
  /** Whether core knows of it. */
  withCore = false;

  constructor(message: ConsumeMessage, decoded: DecodedMessage, session: Session<Delivery>, settler: Settler) {
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
    this.#settler = settler;
  }

  get tag(): number {
    return this.native.fields.deliveryTag;
  }

  ack(): Promise<void> | undefined {
    return this.#settler.ack(this);
  }

  retry(delayMs: number): Promise<void> | undefined {
    return this.#settler.retry(this, delayMs);
  }

  release(): Promise<void> | undefined {
    return this.#settler.release(this);
  }
}
