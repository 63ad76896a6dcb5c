/** When a message is due: not before this time it is delivered. */
export interface DueTime {
  /** Unix ms. From a `delayMs` of the caller, it is computed by the publisher's clock. */
  readonly atMs: number;
  /** What the caller gave as `delayMs`. Whoever keeps the message counts it by a clock of its own, from the moment at which it gets the message. */
  readonly delayMs: number | undefined;
}

/** What `scheduled` tells of a message that waits. */
export interface ScheduledEntry {
  readonly id: string;
  /** When it is due, in Unix ms, by the clock of the broker or store that keeps it. */
  readonly deliverAtMs: number;
  /** When `publish` was called, in Unix ms. */
  readonly publishTimeMs: number;
  /** How often somebody began to publish it; more than 0 only when that has failed or is under way. */
  readonly attempts: number;
}

/** The longest delay of a publish, in ms: 366 days. Ours: what waits longer belongs into the application's own tables. */
export const MAX_PUBLISH_DELAY_MS: number = 366 * 24 * 60 * 60 * 1000;

/** How long a message has to wait from now on, in ms; by a delay's own length, else until its time by the caller's clock. At least 0. */
export function waitingMs(due: DueTime, nowMs: number): number {
  return Math.max(0, due.delayMs ?? due.atMs - nowMs);
}
