import type { AnySubscription, BatchConfig, CircuitPolicyOptions, LoadedConfig, RateLimit } from "@anytopic/core";
import { nameOf } from "./declarations.ts";

/** What is in force for a subscription beyond the defaults: the declaration's, or what the configuration says instead of it. */
export interface InForce {
  readonly subscription: string;
  readonly rate: RateLimit | undefined;
  readonly circuit: CircuitPolicyOptions | undefined;
  /** What the configuration replaces, where the program's handler takes batches. */
  readonly batch: Partial<BatchConfig> | undefined;
  readonly onExpired: AnySubscription["onExpired"];
}

/** `undefined` for a subscription that has the defaults. */
export function inForce({ topics }: LoadedConfig, declared: AnySubscription): InForce | undefined {
  const { name, topic } = declared;
  const ofTopic = Object.hasOwn(topics, topic.name) ? topics[topic.name] : undefined;
  const subscriptions = ofTopic?.subscriptions ?? {};
  const configured = Object.hasOwn(subscriptions, name) ? subscriptions[name] : undefined;
  const rate = configured?.rate ?? declared.rate;
  const circuit =
    declared.circuit === undefined && configured?.circuit === undefined
      ? undefined
      : { ...declared.circuit, ...configured?.circuit };
  const batch = configured?.batch;
  const onExpired = configured?.onExpired ?? declared.onExpired;
  return rate === undefined && circuit === undefined && batch === undefined && onExpired === "drop"
    ? undefined
    : { subscription: nameOf(declared), rate, circuit, batch, onExpired };
}

/** One line for each option: `rate 5 in 1000 ms`. */
export function shownInForce({ subscription, rate, circuit, batch, onExpired }: InForce): readonly string[] {
  const options = [
    ["rate", shownRate(rate)],
    ["circuit", shownOptions(circuit)],
    ["batch", shownOptions(batch)],
    ["onExpired", onExpired === "drop" ? "" : onExpired],
  ];
  return options.flatMap(([option, text]) => (text === "" ? [] : [`${subscription}: ${option} ${text}`]));
}

/** `5 in 1000 ms`; nothing when there is no rate. */
export function shownRate(rate: RateLimit | undefined): string {
  return rate === undefined ? "" : `${rate.max} in ${rate.perMs} ms`;
}

/** `failures 5, openMs 10000`; nothing when there are no options. */
export function shownOptions(options: object | undefined): string {
  return Object.entries(options ?? {})
    .map(([option, value]) => `${option} ${value}`)
    .join(", ");
}
