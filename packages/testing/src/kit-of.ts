import { AsyncLocalStorage } from "node:async_hooks";
import type { PubSub } from "@anytopic/core";
import type { TestPubSub } from "./test-pub-sub.ts";

const shared = new WeakSet<PubSub>();
const kits = new WeakMap<PubSub, TestPubSub>();

/** The kit in whose `run` the code runs. */
export const currentKit: AsyncLocalStorage<TestPubSub> = new AsyncLocalStorage<TestPubSub>();

export function rememberKit(pubsub: PubSub, kit: TestPubSub): void {
  kits.set(pubsub, kit);
}

/** A `PubSub` that stands for that of the current kit. */
export function rememberShared(pubsub: PubSub): void {
  shared.add(pubsub);
}

/** The kit of a `PubSub`, or the kit itself. @throws TypeError when it is neither */
export function kitOf(seen: TestPubSub | PubSub): TestPubSub {
  const kit = kits.get(seen as PubSub) ?? kits.get((seen as Partial<TestPubSub> | undefined)?.pubsub as PubSub);
  if (kit !== undefined) return kit;
  if (shared.has(seen as PubSub)) return requireKit("an assertion");
  throw new TypeError("what was given is neither the result of testPubSub nor its pubsub");
}

/** @throws Error when no test's `run` is running */
export function requireKit(what: string): TestPubSub {
  const kit = currentKit.getStore();
  if (kit !== undefined) return kit;
  throw new Error(
    `${what} was called outside of a test: run the test's code with kit.run(…), or the test with isolated(…)`,
  );
}
