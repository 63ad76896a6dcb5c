import type { Attributes, DeliveryOwner, DriverDelivery, Held } from "@anytopic/core/driver";
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

/** One delivery of one message. */
export class RedisDelivery implements DriverDelivery, Held<RedisDelivery> {
  readonly owner: DeliveryOwner<RedisDelivery>;
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  readonly undecodable: Error | undefined;
  readonly attempt: number;
  /** By which it is settled: no other delivery has the same. */
  readonly place: string;
  /** The ordering key as the scripts have it. */
  readonly keyBytes: Buffer | undefined;
  readonly #names: SubscriptionNames;
  readonly #entry: Entry;
  isHeld = false;
  older: RedisDelivery | undefined = undefined;
  newer: RedisDelivery | undefined = undefined;

  constructor(owner: DeliveryOwner<RedisDelivery>, names: SubscriptionNames, entry: Entry) {
    this.owner = owner;
    this.id = entry.id ?? brokerId(names.stream, entry.originId);
    this.body = entry.body;
    this.attributes = entry.attributes;
    this.orderingKey = entry.orderingKey;
    this.undecodable = entry.undecodable;
    this.attempt = entry.failed + 1;
    this.place = entry.place;
    this.keyBytes = entry.keyBytes;
    this.#names = names;
    this.#entry = entry;
  }

  get publishTimeMs(): number {
    return this.#entry.publishTimeMs ?? idTimeMs(this.#entry.originId);
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
