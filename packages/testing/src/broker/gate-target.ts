import type { AnySubscription, AnyTopic } from "@anytopic/core";

/** Which subscriptions a gate is open for: one, or all of a topic. */
export interface GateTarget {
  readonly topic: string;
  /** All subscriptions of the topic when absent. */
  readonly subscription?: string | undefined;
}

export function gateTarget(target: AnyTopic | AnySubscription): GateTarget {
  return target.kind === "topic" ? { topic: target.name } : { topic: target.topic.name, subscription: target.name };
}

export function isFor(target: GateTarget, worker: { readonly topic: string; readonly subscription: string }): boolean {
  return target.topic === worker.topic && (target.subscription ?? worker.subscription) === worker.subscription;
}
