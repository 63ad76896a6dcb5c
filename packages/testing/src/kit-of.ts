import type { PubSub } from "@anytopic/core";
import type { TestPubSub } from "./test-pub-sub.ts";

const kits = new WeakMap<PubSub, TestPubSub>();

export function remember(kit: TestPubSub): TestPubSub {
  kits.set(kit.pubsub, kit);
  return kit;
}

/** The kit of a `PubSub`, or the kit itself. @throws TypeError when it is neither */
export function kitOf(seen: TestPubSub | PubSub): TestPubSub {
  const kit = kits.get(seen as PubSub) ?? kits.get((seen as Partial<TestPubSub> | undefined)?.pubsub as PubSub);
  if (kit !== undefined) return kit;
  throw new TypeError("what was given is neither the result of testPubSub nor its pubsub");
}
