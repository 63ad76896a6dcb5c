import type { Attributes, DeliveryOwner, DriverDelivery, Held } from "@anytopic/core/driver";
import { idOf } from "./codec.ts";
import { brokerId, type SubscriptionNames } from "./names.ts";
import { type Entry, idTimeMs } from "./wire/entry.ts";

/** An entry of a stream as Redis has it. What `context.native` is. */
export interface RedisEntry {
  /** The topic's stream, or the subscription's own. */
  readonly stream: string;
  readonly id: string;
  /** Names and values in turn. */
  readonly fields: readonly Buffer[];
}

/** One delivery of one message. Reads its entry when it is asked: a message is delivered far more often than its id is read. */
export class RedisDelivery implements DriverDelivery, Held<RedisDelivery> {
  readonly owner: DeliveryOwner<RedisDelivery>;
  readonly #names: SubscriptionNames;
  readonly #entry: Entry;
  isHeld = false;
  older: RedisDelivery | undefined = undefined;
  newer: RedisDelivery | undefined = undefined;

  constructor(owner: DeliveryOwner<RedisDelivery>, names: SubscriptionNames, entry: Entry) {
    this.owner = owner;
    this.#names = names;
    this.#entry = entry;
  }

  get id(): string {
    return idOf(this.#entry.content) ?? brokerId(this.#names.stream, this.#entry.originId);
  }

  get body(): Uint8Array {
    return this.#entry.content.body;
  }

  get attributes(): Attributes {
    return this.#entry.content.attributes;
  }

  get orderingKey(): string | undefined {
    return this.#entry.content.orderingKey;
  }

  get undecodable(): Error | undefined {
    return this.#entry.content.undecodable;
  }

  get attempt(): number {
    return this.#entry.failed + 1;
  }

  /** By which it is settled: no other delivery has the same. */
  get place(): string {
    return this.#entry.place;
  }

  /** The ordering key as the scripts have it. */
  get keyBytes(): Buffer | undefined {
    return this.#entry.content.keyBytes;
  }

  get publishTimeMs(): number {
    return this.#entry.content.publishTimeMs ?? idTimeMs(this.#entry.originId);
  }

  /** Whether it is an entry of the topic's stream, and not of the subscription's own. */
  get isOfTopic(): boolean {
    return this.#entry.tag === "t";
  }

  get entryId(): string {
    return this.#entry.entryId;
  }

  get native(): RedisEntry {
    const stream = this.isOfTopic ? this.#names.stream : this.#names.again;
    return { stream, id: this.entryId, fields: this.#entry.fields };
  }
}
