import type { DueTime, ScheduledEntry } from "../contract/due.ts";
import type { Attributes } from "../contract/message.ts";

/** A message that waits for its time, with everything that is needed to publish it. */
export interface ScheduledMessage {
  /** The declared name. */
  readonly topic: string;
  /** Unique within its topic. */
  readonly id: string;
  /** The encoded event. */
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  /** When `publish` was called, in Unix ms. */
  readonly publishTimeMs: number;
  /** With `delayMs`, the store counts from its own now. Else the message is due when the store's clock has reached `atMs`. */
  readonly due: DueTime;
}

/** A due message that belongs to whoever claimed it, until the lease ends. */
export interface DueMessage extends Omit<ScheduledMessage, "due"> {
  /** Identifies this claim: no other claim, of any message, has ever had it. */
  readonly token: string;
  /** 1 for the first claim of the message. */
  readonly attempt: number;
}

/**
 * Keeps messages until they are due, where the broker cannot. Core publishes them then: every connection that has the store does this
 * for the topics that it knows, and a claim gives each message to one of them.
 *
 * All methods may be called concurrently and by several processes. `checkScheduleStore` of `@anytopic/conformance` tests a store.
 * Every store promises:
 *
 * 1. **Durable.** When `add` has resolved, the messages survive whatever the store survives.
 * 2. **Never early.** `claimDue` gives no message before it is due, by the store's own clock (the database's).
 * 3. **One winner.** Of any number of concurrent claims, exactly one gets a message.
 * 4. **A claim belongs to its token.** `done` and `again` change the messages with these tokens, or nothing. A wrong or old token is
 *    not an error.
 * 5. **A claim ends** by `done`, by `again`, or when its lease has expired: then the message can be claimed again.
 * 6. **An id is one message.** To add an id that is there changes nothing. So a repeated `publish` schedules once.
 * 7. **A cancelled message is never claimed.** `cancel` returns true only when nobody has ever claimed it.
 *
 * When a method rejects, its outcome is unknown.
 */
export interface ScheduleStore {
  /** Stores all of the messages, or none. 1 to 1,000 messages. */
  add(messages: readonly ScheduledMessage[]): Promise<void>;
  /**
   * Removes a message that waits. True when it was there and nobody had ever claimed it. False when it is not there, and when it was
   * claimed before: one under a claim stays, and one whose claim has ended is removed, although a publish of it may have happened.
   */
  cancel(topic: string, id: string): Promise<boolean>;
  /** The messages of a topic that wait, the first due first, at most `limit` of them: 1 to 1,000. */
  list(topic: string, limit: number): Promise<readonly ScheduledEntry[]>;
  /** Claims up to `limit` due messages of these topics for `leaseMs`, the first due first. */
  claimDue(topics: readonly string[], limit: number, leaseMs: number): Promise<readonly DueMessage[]>;
  /** Forgets messages that were published. */
  done(tokens: readonly string[]): Promise<void>;
  /** Ends a claim: the message is due again in `delayMs`. */
  again(token: string, delayMs: number): Promise<void>;
  /** In how many ms the next message of these topics can be claimed, 0 when one can be now, `undefined` when none waits. */
  nextDueMs(topics: readonly string[]): Promise<number | undefined>;
}
