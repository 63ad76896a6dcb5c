import type { PubSub } from "@anytopic/core";
import { knownKit } from "./isolation/current-kit.ts";
import type { TestPubSub } from "./test-pub-sub.ts";

/** The kit of a `PubSub`, or the kit itself. @throws TypeError when it is neither */
export function kitOf(seen: TestPubSub | PubSub): TestPubSub {
  const kit = knownKit(seen) ?? knownKit((seen as Partial<TestPubSub> | undefined)?.pubsub);
  // Only `TestPubSub` remembers itself.
  if (kit !== undefined) return kit as TestPubSub;
  throw new TypeError("what was given is neither the result of testPubSub nor its pubsub");
}
