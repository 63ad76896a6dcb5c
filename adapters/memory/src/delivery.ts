import type { Attributes, DriverDelivery } from "@anytopic/core/driver";
import type { KeyLane } from "./key-lanes.ts";
import type { TopicMessage } from "./topic-message.ts";
import type { MemorySubscriber } from "./subscriber.ts";
import type { MemorySubscription } from "./memory-subscription.ts";

/** One handing-over of a message to a worker. Its lease ends at `expiresMs` unless renewed. */
export class MemoryDelivery implements DriverDelivery {
  readonly message: TopicMessage;
  readonly attempt: number;
  readonly subscription: MemorySubscription;
  readonly worker: MemorySubscriber;
  /** Set on ordered topics when the message has a key. */
  readonly lane: KeyLane | undefined;
  /** With its worker: neither settled nor taken away. */
  isOut = true;
  /** In the broker's time, as all times here. */
  expiresMs: number;
  readonly startedMs: number;
  /** Neighbours in the list of leases. */
  older: MemoryDelivery | undefined = undefined;
  newer: MemoryDelivery | undefined = undefined;

  constructor(
    subscription: MemorySubscription,
    worker: MemorySubscriber,
    message: TopicMessage,
    attempt: number,
    lane: KeyLane | undefined,
    nowMs: number,
  ) {
    this.subscription = subscription;
    this.worker = worker;
    this.message = message;
    this.attempt = attempt;
    this.lane = lane;
    this.startedMs = nowMs;
    this.expiresMs = nowMs + subscription.ackDeadlineMs;
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
    return this.subscription.ack(this);
  }

  retry(delayMs: number): Promise<void> | undefined {
    return this.subscription.retry(this, delayMs);
  }

  release(): Promise<void> | undefined {
    return this.subscription.release(this);
  }
}
