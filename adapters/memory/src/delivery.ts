import type { Attributes, DeliveryOwner, DriverDelivery, Held } from "@anytopic/core/driver";
import type { TopicMessage } from "./broker/topic-message.ts";
import type { AttachedWorker } from "./broker/free-workers.ts";

/** One delivery of a message to a worker. Its lease ends at `expiresMs` unless it is renewed. */
export class MemoryDelivery implements DriverDelivery, Held<MemoryDelivery> {
  readonly owner: DeliveryOwner<MemoryDelivery>;
  readonly worker: AttachedWorker;
  readonly message: TopicMessage;
  readonly attempt: number;
  /** In the broker's time, as every time here except `publishTimeMs`. */
  readonly startedMs: number;
  expiresMs: number;
  /** True until it is settled or revoked. */
  isHeld = false;
  older: MemoryDelivery | undefined = undefined;
  newer: MemoryDelivery | undefined = undefined;

  constructor(
    owner: DeliveryOwner<MemoryDelivery>,
    worker: AttachedWorker,
    message: TopicMessage,
    attempt: number,
    startedMs: number,
    expiresMs: number,
  ) {
    this.owner = owner;
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
}
