/** Keeps one value for each adapter, topic and subscription: what all messages of a place have in common is made once. */
export class PlaceCache<Value> {
  readonly #make: (adapter: string, topic: string, subscription: string) => Value;
  /** By topic, subscription and adapter. Nested maps, because to put a key together for each message costs more than three look-ups. */
  readonly #known = new Map<string, Map<string, Map<string, Value>>>();

  constructor(make: (adapter: string, topic: string, subscription: string) => Value) {
    this.#make = make;
  }

  /** `subscription`: empty for a publish. */
  of(adapter: string, topic: string, subscription: string): Value {
    const known = this.#known.get(topic)?.get(subscription)?.get(adapter);
    return known ?? this.#add(adapter, topic, subscription);
  }

  #add(adapter: string, topic: string, subscription: string): Value {
    const value = this.#make(adapter, topic, subscription);
    const ofTopic = this.#known.get(topic) ?? new Map<string, Map<string, Value>>();
    const ofSubscription = ofTopic.get(subscription) ?? new Map<string, Value>();
    this.#known.set(topic, ofTopic.set(subscription, ofSubscription.set(adapter, value)));
    return value;
  }
}
