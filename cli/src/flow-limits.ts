import type { AnySubscription, CircuitPolicyOptions, LoadedConfig, RateLimit } from "@anytopic/core";

/** The rate and the circuit of a subscription, with what the configuration says instead of the declaration. */
export interface FlowLimits {
  readonly subscription: string;
  readonly rate: RateLimit | undefined;
  readonly circuit: CircuitPolicyOptions | undefined;
}

/** `undefined` for a subscription that has neither. */
export function flowLimits({ topics }: LoadedConfig, declared: AnySubscription): FlowLimits | undefined {
  const { name, topic } = declared;
  const ofTopic = Object.hasOwn(topics, topic.name) ? topics[topic.name] : undefined;
  const subscriptions = ofTopic?.subscriptions ?? {};
  const configured = Object.hasOwn(subscriptions, name) ? subscriptions[name] : undefined;
  const rate = configured?.rate ?? declared.rate;
  const circuit =
    declared.circuit === undefined && configured?.circuit === undefined
      ? undefined
      : { ...declared.circuit, ...configured?.circuit };
  return rate === undefined && circuit === undefined
    ? undefined
    : { subscription: `${topic.name}/${name}`, rate, circuit };
}

/** `5 in 1000 ms`; nothing when there is no rate. */
export function shownRate(rate: RateLimit | undefined): string {
  return rate === undefined ? "" : `${rate.max} in ${rate.perMs} ms`;
}

/** `failures 5, openMs 10000`; nothing when there is no circuit. */
export function shownCircuit(circuit: CircuitPolicyOptions | undefined): string {
  return Object.entries(circuit ?? {})
    .map(([option, value]) => `${option} ${value}`)
    .join(", ");
}
