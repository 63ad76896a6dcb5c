import { type Clock, NumberWindow, PubSubError, type TimerHandle } from "@anytopic/core/driver";
import type { Msg, MsgHdrs, Subscription } from "@nats-io/nats-core";
import type { Connection, ConnectionListener } from "../connection.ts";
import { toPubSubError } from "../errors.ts";

/** What happens to a question. Exactly one of the two is called, once. */
export interface Replies<Entry> {
  replied(entry: Entry, reply: Msg): void;
  lost(entry: Entry, error: PubSubError): void;
  /** Whether somebody still waits, and has a timer of its own. @default nobody has */
  isAwaited?(entry: Entry): boolean;
}

/** Questions that nobody has a timer for are given up between this and twice this. */
const GIVE_UP_MS = 30_000;

/**
 * Publishes with a reply subject and pairs replies with what was published. All replies come through one subscription
 * `<inbox>.*`, told apart by a counter: a third of the cost of the client's own `request`, which makes a promise, a
 * timer and a random token for each.
 */
export class ReplyInbox<Entry> {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #replies: Replies<Entry>;
  readonly #prefix: string;
  readonly #subscription: Subscription;
  #pending = new NumberWindow<Entry>();
  readonly #listener: ConnectionListener;
  #giveUpBefore = 0;
  #sweepTimer: TimerHandle = undefined;

  constructor(connection: Connection, replies: Replies<Entry>) {
    this.#connection = connection;
    this.#clock = connection.context.clock;
    this.#replies = replies;
    this.#prefix = `${connection.newInbox()}.`;
    this.#subscription = connection.nc.subscribe(`${this.#prefix}*`, {
      callback: (error, reply) => {
        if (error === null) this.#onReply(reply);
        else this.rejectAll(toPubSubError(error, "listen for replies"));
      },
    });
    this.#listener = { disconnected: (error) => this.rejectAll(error) };
    connection.listen(this.#listener);
  }

  /** Publishes; the outcome goes to `replies` with this `entry`, at once when it cannot be sent. */
  ask(subject: string, body: Uint8Array, headers: MsgHdrs | undefined, entry: Entry): void {
    if (!this.#connection.connected) {
      this.#replies.lost(entry, this.#connection.unavailable());
      return;
    }
    const reply = this.#prefix + this.#pending.next;
    try {
      this.#connection.nc.publish(subject, body, headers === undefined ? { reply } : { reply, headers });
    } catch (error) {
      this.#replies.lost(entry, toPubSubError(error, `publish to ${subject}`));
      return;
    }
    this.#pending.push(entry);
    this.#sweepTimer ??= this.#clock.setTimer(() => this.#sweep(), GIVE_UP_MS);
  }

  /** Ends the wait of all questions. */
  rejectAll(error: PubSubError): void {
    const entries = [...this.#pending.items()];
    // Numbers go on: a late reply must not be taken for another's.
    this.#pending = new NumberWindow(this.#pending.next);
    for (const entry of entries) this.#replies.lost(entry, error);
  }

  close(): void {
    this.#clock.clearTimer(this.#sweepTimer);
    this.#connection.unlisten(this.#listener);
    this.#subscription.unsubscribe();
    this.rejectAll(new PubSubError("CLOSED", "closed before the server answered"));
  }

  #onReply(reply: Msg): void {
    const number = Number(reply.subject.slice(this.#prefix.length));
    const entry = this.#pending.take(number);
    if (entry !== undefined) this.#replies.replied(entry, reply);
  }

  #sweep(): void {
    this.#sweepTimer = undefined;
    const error = new PubSubError("TIMEOUT", "the server did not answer; the message may have been stored");
    for (let number = this.#pending.first; number < this.#giveUpBefore; number++) {
      const entry = this.#pending.get(number);
      if (entry === undefined || this.#replies.isAwaited?.(entry) === true) continue;
      this.#pending.take(number);
      this.#replies.lost(entry, error);
    }
    this.#giveUpBefore = this.#pending.next;
    if (this.#pending.first < this.#pending.next)
      this.#sweepTimer = this.#clock.setTimer(() => this.#sweep(), GIVE_UP_MS);
  }
}
