import type { SubscriptionSpec } from "@anytopic/core/driver";
import { type QueueNames, queueNames } from "../names.ts";
import { type BindingArguments, filterBindings } from "./filter-bindings.ts";

/** What stands between a topic and the queue of one subscription. */
export interface DeclaredBindings {
  readonly names: QueueNames;
  /** From the filter's exchange to the queue; `undefined` when the queue is bound to the topic itself. */
  readonly bindings: readonly BindingArguments[] | undefined;
}

export function declaredBindings(prefix: string, spec: SubscriptionSpec): DeclaredBindings {
  return { names: queueNames(prefix, spec), bindings: filterBindings(spec.filter ?? []).bindings };
}
