import type { Attributes, OutgoingMessage } from "@anytopic/core/driver";
import type { MemoryMessage } from "../codec.ts";

/** A message of a topic, with what the broker counts about it. */
export class TopicMessage implements MemoryMessage {
  readonly id: string;
  body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly bytes: number;
  /** In the broker's time. */
  readonly acceptedMs: number;
  /** How many subscriptions have not settled it. */
  holders = 0;

  constructor(message: OutgoingMessage, bytes: number, acceptedMs: number) {
    this.id = message.id;
    this.body = message.body;
    this.attributes = message.attributes;
    this.orderingKey = message.orderingKey;
    this.publishTimeMs = message.publishTimeMs;
    this.bytes = bytes;
    this.acceptedMs = acceptedMs;
  }

  /** Gives the body memory of its own. A message that stays longer than its neighbours must not keep the slab that they share. */
  compact(): void {
    if (this.body.buffer.byteLength === this.body.byteLength) return;
    const copy = Buffer.allocUnsafeSlow(this.body.byteLength);
    copy.set(this.body);
    this.body = copy;
  }

  get native(): MemoryMessage {
    return this;
  }
}
