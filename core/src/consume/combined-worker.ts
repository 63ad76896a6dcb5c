import type { SubscriptionHealth } from "../observe/health.ts";
import type { AnySubscription } from "../declare/subscription.ts";
import type { FlowControl } from "./flow-control.ts";
import type { PausableWorker } from "./pausable-worker.ts";
import type { CloseOptions, Worker } from "./worker.ts";

/** Presents the workers of one subscription on several connections as one worker. */
export function combinedWorker(
  subscription: AnySubscription,
  workers: readonly PausableWorker[],
  control: FlowControl,
): Worker {
  const allClosed = async (): Promise<void> => void (await Promise.all(workers.map((worker) => worker.closed)));
  const closed = allClosed();
  const close = async (options?: CloseOptions): Promise<void> => {
    // Asked before anything ends. A handler of one of the workers does not wait for any handler.
    const fromHandler = workers.some(({ hasCaller }) => hasCaller);
    const allClosing = Promise.all(workers.map((worker) => worker.close(options)));
    await (fromHandler ? Promise.race([allClosing, Promise.all(workers.map(({ stopped }) => stopped))]) : allClosing);
  };
  return Object.freeze({
    subscription,
    closed,
    close,
    pause: () => control.pause(),
    resume: () => control.resume(),
    health: () => combinedHealth(workers.map((worker) => worker.health())),
    [Symbol.asyncDispose]: () => close(),
  });
}

/** `"failing"` when one worker is failing: messages on its connection are not received. */
function combinedHealth(parts: readonly SubscriptionHealth[]): SubscriptionHealth {
  const [first] = parts as readonly [SubscriptionHealth];
  const failing = parts.find(({ state }) => state === "failing");
  const sum = (of: (part: SubscriptionHealth) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    ...(failing ?? parts.find(({ state }) => state === "closing" || state === "paused") ?? first),
    connection: parts.map(({ connection }) => connection).join(", "),
    // They share it.
    capacity: first.capacity,
    running: sum(({ running }) => running),
    abandoned: sum(({ abandoned }) => abandoned),
    waiting: sum(({ waiting }) => waiting),
    longestBlockMs: Math.max(...parts.map(({ longestBlockMs }) => longestBlockMs)),
    progressAgeMs: Math.min(...parts.map(({ progressAgeMs }) => progressAgeMs)),
    stuck: parts.find(({ stuck }) => stuck !== undefined)?.stuck,
  };
}
