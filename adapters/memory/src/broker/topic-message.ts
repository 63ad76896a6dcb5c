import type { Attributes, OutgoingMessage } from "@anytopic/core/driver";
import { ownBody, type MemoryMessage } from "../codec.ts";

/** A message of a topic, with what the broker notes about it. */
export class TopicMessage implements MemoryMessage {
  readonly id: string;
  body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly publishTimeMs: number;
  readonly bytes: number;
  /** In the broker's time. */
  readonly acceptedMs: number;
  /** Subscriptions that have not settled it. */
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

  /** For a message that stays when its neighbours go: the slab that its body shares must not stay with it. */
  compact(): void {
    if (this.body.buffer.byteLength > this.body.byteLength) this.body = ownBody(this.body);
  }

  get native(): MemoryMessage {
    return this;
  }
}
