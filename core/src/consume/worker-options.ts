import type { Capabilities } from "../contract/capabilities.ts";
import type { Clock } from "../base/clock.ts";
import type { DriverDeadLetters } from "../driver.ts";
import type { InboxGate } from "./inbox-gate.ts";
import type { InFlight } from "./in-flight.ts";
import type { LateSuccesses } from "./late-successes.ts";
import type { Logger } from "../base/logger.ts";
import type { PubSubEvent } from "../observe/observer.ts";
import type { EventRun } from "./run-handler.ts";
import type { SharedPlaces } from "./shared-places.ts";
import type { AnySubscription, Subscription } from "../declare/subscription.ts";

/** What the parts of one worker are given. */
export interface WorkerOptions {
  readonly subscription: Subscription;
  /** Its connection's name, for `health()`. */
  readonly connection: string;
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly observe: ((event: PubSubEvent) => void) | undefined;
  readonly letters: DriverDeadLetters;
  /** Present on exactly-once subscriptions. */
  readonly inbox: InboxGate | undefined;
  /** Of this subscription, shared by its workers in this process. */
  readonly lateSuccesses: LateSuccesses;
  readonly maxConcurrency: number;
  /** Present when workers on several connections keep to `maxConcurrency` together. */
  readonly places: SharedPlaces | undefined;
  /** What is done with an event: a handler runs, or a reader of the pull form gets it. */
  readonly run: EventRun;
}

type Names = Readonly<Record<"topic" | "subscription", string>>;

/** For the log, and for what observers hear of a worker. */
export function namesOf({ topic, name }: AnySubscription): Names {
  return { topic: topic.name, subscription: name };
}

/** For what observers hear of a message. */
export function itemNames(
  { topic, name }: AnySubscription,
  { id, attempt }: InFlight,
): Names & Pick<InFlight, "id" | "attempt"> {
  return { topic: topic.name, subscription: name, id, attempt };
}
