import type { HostilePublisher, Random } from "@anytopic/conformance";
import type { PubSub } from "@google-cloud/pubsub";

type Hostile = Record<string, string>;

/** Publishes with the plain client what a stranger with `pubsub.topics.publish` may publish. */
export function hostilePublisher(client: PubSub): HostilePublisher {
  return {
    async publish(topic, body, random) {
      const attributes = hostileAttributes(random);
      const what = JSON.stringify(attributes).slice(0, 120);
      try {
        await client.topic(topic).publishMessage({ data: Buffer.from(body), attributes });
        return { stored: true, what };
      } catch (error) {
        return { stored: false, what: `${what}: ${String(error)}` };
      }
    },
  };
}

function hostileAttributes(random: Random): Hostile {
  const kinds: readonly (() => Hostile)[] = [
    () => pick(random, "anytopic-id", ["", "x".repeat(1024), "\u001b]0;owned\u0007", "a b", "æ".repeat(500)]),
    () => pick(random, "anytopic-publish-time", ["9007199254740991", "8640000000000001", "-1", "1e300", "NaN", ""]),
    () => pick(random, "anytopic-attempts", ["0", "-1", "9007199254740991", "1000000", "NaN"]),
    () =>
      pick(random, "anytopic-dead-letter", [
        "{",
        "null",
        '{"reason":"rejected","last":1e300,"attempts":-1,"sub":"a/b"}',
      ]),
    () => ({ "anytopic-dead-letter": "{", "anytopic-dead-letter-2": "}", "anytopic-dead-letter-3": "\u0000" }),
    () => pick(random, "anytopic-redriven-to", ["nobody", ""]),
    () => ({ "anytopic:__proto__": "a", "anytopic:anytopic-dead-letter": "{}" }),
    () => ({ ["__proto__x"]: "a", constructor: "b", toString: "c" }),
    () => ({ "\u001b[2J": "\u009b31m", "\u202e": "\u0000" }),
    () => Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${index}`, "v"])),
    () => Object.fromEntries(Array.from({ length: 98 }, (_, index) => [`a${index}`, "v".repeat(1000)])),
    () => ({ ["k".repeat(256)]: "v".repeat(1024) }),
    () => ({ CloudPubSubDeadLetterSourceDeliveryCount: "1000000", CloudPubSubDeadLetterSourceSubscription: "x" }),
  ];
  return (kinds[random.integer(0, kinds.length - 1)] as () => Hostile)();
}

function pick(random: Random, key: string, values: readonly string[]): Hostile {
  return { [key]: values[random.integer(0, values.length - 1)] as string };
}
