import type { BatchRun } from "./batch/batch.ts";
import type { BatchSize } from "./batch/batch-size.ts";
import type { Capabilities } from "../contract/capabilities.ts";
import type { Clock } from "../base/clock.ts";
import type { DriverDeadLetters } from "../driver.ts";
import type { InboxGate } from "./inbox-gate.ts";
import type { InFlight } from "./in-flight.ts";
import type { LateSuccesses } from "./late-successes.ts";
import type { Logger } from "../base/logger.ts";
import type { Instrumented } from "../observe/instruments.ts";
import type { PubSubEvent } from "../observe/observer.ts";
import type { EventRun } from "./run-handler.ts";
import type { StartLimit } from "./drain/start-limit.ts";
import type { SharedPlaces } from "./shared-places.ts";
import type { StartGate } from "./start-gate.ts";
import type { AnySubscription, Subscription } from "../declare/subscription.ts";

/** How messages are collected, and what handles them. */
export interface BatchSettings extends BatchSize {
  readonly run: BatchRun;
}

/** The options of all parts of one worker. */
export interface WorkerOptions {
  readonly subscription: Subscription;
  /** The name of its connection, for `health()`. */
  readonly connection: string;
  /** The name of its adapter, for instrumentations. */
  readonly adapter: string;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly observe: ((event: PubSubEvent) => void) | undefined;
  readonly instrumented: Instrumented;
  readonly letters: DriverDeadLetters;
  /** Present on exactly-once subscriptions, and on subscriptions with several connections. */
  readonly inbox: InboxGate | undefined;
  /** Shared by the workers of this subscription in this process. */
  readonly lateSuccesses: LateSuccesses;
  readonly maxConcurrency: number;
  /** Present when workers on several connections share `maxConcurrency`, and while handlers run that started before a pause. */
  readonly places: SharedPlaces | undefined;
  /** Present when the worker has a rate or a circuit. */
  readonly gate: StartGate | undefined;
  /** Runs a handler, or gives the event to the pull form, or to a batch. */
  readonly run: EventRun;
  /** Present for a batch handler. */
  readonly batch: BatchSettings | undefined;
  /** Present for a drain with an end. */
  readonly startLimit: StartLimit | undefined;
}

type Names = Readonly<Record<"topic" | "subscription", string>>;

/** For log fields and events of a worker. */
export function namesOf({ topic, name }: AnySubscription): Names {
  return { topic: topic.name, subscription: name };
}

/** For events of a message. */
export function itemNames(
  { topic, name }: AnySubscription,
  { id, attempt }: InFlight,
): Names & Pick<InFlight, "id" | "attempt"> {
  return { topic: topic.name, subscription: name, id, attempt };
}
