import { AsyncLocalStorage } from "node:async_hooks";
import type { ConnectOptions, PubSub } from "@anytopic/core";

/** What isolation needs of a `TestPubSub`. */
export interface ConnectingKit {
  /** Connects as `connect` would, but to this test's broker. */
  connect(target: unknown, options: ConnectOptions): Promise<PubSub>;
}

/** The kit in whose `run` the code runs. */
export const currentKit: AsyncLocalStorage<ConnectingKit> = new AsyncLocalStorage<ConnectingKit>();

const kits = new WeakMap<PubSub, ConnectingKit>();
const shared = new WeakSet<PubSub>();

export function rememberKit(pubsub: PubSub, kit: ConnectingKit): void {
  kits.set(pubsub, kit);
}

/** A `PubSub` that stands for that of the current kit. */
export function rememberShared(pubsub: PubSub): void {
  shared.add(pubsub);
}

/** The kit of a `PubSub`; `undefined` for any other value. */
export function knownKit(pubsub: unknown): ConnectingKit | undefined {
  return shared.has(pubsub as PubSub) ? requireKit("an assertion") : kits.get(pubsub as PubSub);
}

/** @throws Error when no test's `run` is running */
export function requireKit(what: string): ConnectingKit {
  const kit = currentKit.getStore();
  if (kit !== undefined) return kit;
  throw new Error(
    `${what} was called outside of a test: run the test's code with kit.run(…), or the test with isolated(…)`,
  );
}
