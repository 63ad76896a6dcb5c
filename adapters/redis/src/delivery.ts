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
  readonly publishTimeMs: number;
  readonly undecodable: Error | undefined;
  readonly attempt: number;
  /** By which it is settled: no other delivery has the same. */
  readonly place: string;
  /** The ordering key as the scripts have it. */
  readonly keyBytes: Buffer | undefined;
  readonly #names: SubscriptionNames;
  readonly #fields: readonly Buffer[];
  isHeld = false;
  older: RedisDelivery | undefined = undefined;
  newer: RedisDelivery | undefined = undefined;

  constructor(owner: DeliveryOwner<RedisDelivery>, names: SubscriptionNames, entry: Entry) {
    this.owner = owner;
    this.id = entry.id ?? brokerId(names.stream, entry.originId);
    this.body = entry.body;
    this.attributes = entry.attributes;
    this.orderingKey = entry.orderingKey;
    this.publishTimeMs = entry.publishTimeMs ?? idTimeMs(entry.originId);
    this.undecodable = entry.undecodable;
    this.attempt = entry.failed + 1;
    this.place = entry.place;
    this.keyBytes = entry.keyBytes;
    this.#names = names;
    this.#fields = entry.fields;
  }

  get native(): RedisEntry {
    const stream = this.place.startsWith("a") ? this.#names.again : this.#names.stream;
    return { stream, id: this.place.slice(1), fields: this.#fields };
  }
}
