import type { AnySubscription, AnyTopic, ConnectOptions } from "@anytopic/core";
import type { LikeBroker } from "./broker/like.ts";

/** What the test kit is like. */
export interface TestPubSubOptions extends Pick<ConnectOptions, "inbox" | "logger" | "observer" | "publish"> {
  /** Declarations to create at once, so that subscriptions get what is published before a worker is open. @default each is created when it is first used */
  readonly declarations?: readonly (AnyTopic | AnySubscription)[] | undefined;
  /**
   * `"on-demand"`: messages wait until the test calls `deliver`, `advance` or `runToQuiescence`. `"at-once"`: they are delivered as soon
   * as they are published; only time waits for the test.
   * @default "on-demand"
   */
  readonly delivery?: "on-demand" | "at-once" | undefined;
  /** The broker whose limits, refusals and delays apply, by the name of its adapter or by its capabilities. @default the memory broker */
  readonly like?: LikeBroker | undefined;
  /** When the test begins, in virtual time. @default 2026-01-01T00:00:00Z */
  readonly now?: Date | number | undefined;
  /** For jitter, from 0 to 1. @default () => 0, so that delays are exactly those of the retry policy */
  readonly random?: (() => number) | undefined;
  /** How long virtual time waits for one handler or publish, in ms of real time; from 1. @default 4_000, less than the timeout of a test in vitest and jest */
  readonly patienceMs?: number | undefined;
}

export const OPTIONS: readonly (keyof TestPubSubOptions)[] = [
  "declarations",
  "delivery",
  "like",
  "now",
  "random",
  "patienceMs",
  "inbox",
  "logger",
  "observer",
  "publish",
];

const DEFAULT_PATIENCE_MS = 4000;

/** @throws TypeError when an option is unknown or not allowed */
export function patienceOf(options: TestPubSubOptions): number {
  const known: readonly string[] = OPTIONS;
  const unknown = Object.keys(options).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    throw new TypeError(`testPubSub has no option ${unknown.join(", ")}: known are ${known.join(", ")}`);
  const { delivery = "on-demand", patienceMs = DEFAULT_PATIENCE_MS } = options;
  if (delivery !== "on-demand" && delivery !== "at-once") {
    throw new TypeError(`delivery is ${String(delivery)}: must be "on-demand" or "at-once"`);
  }
  if (!(Number.isFinite(patienceMs) && patienceMs >= 1))
    throw new TypeError("patienceMs must be a finite number from 1");
  return patienceMs;
}
