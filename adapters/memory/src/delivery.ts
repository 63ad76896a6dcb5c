import type { Attributes, DriverDelivery, Held } from "@anytopic/core/driver";
import type { TopicMessage } from "./topic-message.ts";
import type { Worker } from "./worker.ts";

/** Settles deliveries: the subscription that handed them out. */
export interface DeliverySettler {
  ack(delivery: MemoryDelivery): Promise<void> | undefined;
  retry(delivery: MemoryDelivery, delayMs: number): Promise<void> | undefined;
  release(delivery: MemoryDelivery): Promise<void> | undefined;
}

/** One handing-over of a message to a worker. Its lease ends at `expiresMs` unless renewed. */
export class MemoryDelivery implements DriverDelivery, Held<MemoryDelivery> {
  readonly settler: DeliverySettler;
  readonly worker: Worker;
  readonly message: TopicMessage;
  readonly attempt: number;
  /** In the broker's time, as all times here. */
  readonly startedMs: number;
  expiresMs: number;
  /** With its worker: neither settled nor taken away. */
  isHeld = false;
  older: MemoryDelivery | undefined = undefined;
  newer: MemoryDelivery | undefined = undefined;

  constructor(
    settler: DeliverySettler,
    worker: Worker,
    message: TopicMessage,
    attempt: number,
    startedMs: number,
    expiresMs: number,
  ) {
    this.settler = settler;
    this.worker = worker;
    this.message = message;
    this.attempt = attempt;
    this.startedMs = startedMs;
    this.expiresMs = expiresMs;
  }

  get id(): string {
    return this.message.id;
  }

  get body(): Uint8Array {
    return this.message.body;
  }

  get attributes(): Attributes {
    return this.message.attributes;
  }

  get orderingKey(): string | undefined {
    return this.message.orderingKey;
  }

  get publishTimeMs(): number {
    return this.message.publishTimeMs;
  }

  get native(): unknown {
    return this.message;
  }

  ack(): Promise<void> | undefined {
    return this.settler.ack(this);
  }

  retry(delayMs: number): Promise<void> | undefined {
    return this.settler.retry(this, delayMs);
  }

  release(): Promise<void> | undefined {
    return this.settler.release(this);
  }
}
