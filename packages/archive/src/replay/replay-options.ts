import type { ArchivedMessage, ArchiveSelection } from "../archive-store.ts";

/** Which messages a replay sends, and how. */
export interface ReplayOptions extends Omit<ArchiveSelection, "topic"> {
  /** Which of the selected messages are sent. Called once for each, in order. @default all */
  readonly filter?: ((message: ArchivedMessage) => boolean) | undefined;
  /** Sends at most this many; 1 or more. @default all */
  readonly limit?: number | undefined;
  /** Sends at most this many in a second; 1 to 100,000. @default as fast as the broker takes them */
  readonly ratePerSecond?: number | undefined;
  /** How many messages of different keys are on their way to the broker at once; 1 to 1000. @default 64 */
  readonly maxPending?: number | undefined;
  /** Counts and sends nothing. @default false */
  readonly dryRun?: boolean | undefined;
  /**
   * Gives every message a new id, which is made from its own id and this text: 1 to 64 characters. Otherwise the id is the same, and a
   * subscription whose inbox knows it as handled passes over it. The same text makes the same ids, so that a replay that was stopped can be
   * repeated. @default the same ids
   */
  readonly asNew?: string | undefined;
  /** Called after each message, with the result so far. Must not throw. @default none */
  readonly onProgress?: ((progress: ReplayResult) => void) | undefined;
}

/** What a replay has done. */
export interface ReplayResult {
  /** Messages that the broker has stored for the subscription; with `dryRun`, those that would be sent. */
  readonly sent: number;
  /** Messages that were selected, and left by `filter`. */
  readonly left: number;
  /**
   * Every selected message that was published before this time was sent. To go on after an interruption, give it as `from`: messages
   * at this time and later that were sent are sent again. `undefined` before the first message.
   */
  readonly position: Date | undefined;
}
