import type { PublishRequest } from "./driver-publisher.ts";
import type { DueTime, ScheduledEntry } from "./due.ts";

/** A pending publish of a message that the broker keeps until it is due. Core uses the message's ordering key for nothing: there is none. */
export interface ScheduleRequest extends PublishRequest {
  readonly due: DueTime | undefined;
}

/** Keeps the messages of one topic at the broker until they are due. */
export interface DriverSchedule {
  /**
   * As `DriverPublisher.publish`, but `accept` says that the *schedule* is durable: as durable as a message of the topic. The broker
   * then publishes each message as it is, with its id, when it is due, to every subscription that the topic has at that time. Never
   * earlier: `waitingMs` tells how long the message has to wait. Messages with other delays, and those without one, do not wait for
   * it. Core asks for at most `publishDelay.maxMs`. To add an id that waits already changes nothing, where `publishDelay.cancel`.
   */
  add(batch: readonly ScheduleRequest[]): void;
  /** Removes a message that waits. Resolves with true when it was there: it will never be delivered. Present with `publishDelay.cancel`. */
  cancel?(id: string): Promise<boolean>;
  /** Up to `limit` (1 to 1,000) messages that wait, the first due first. Present with `publishDelay.list`. */
  list?(limit: number): Promise<readonly ScheduledEntry[]>;
  /** Called when no request is pending. Resolves within `timeoutMs`, see the rules at the top. */
  close(timeoutMs: number): Promise<void>;
}
