import { type Clock, NumberWindow, PubSubError, type TimerHandle } from "@anytopic/core/driver";
import type { Msg, MsgHdrs, Subscription } from "@nats-io/nats-core";
import type { Connection, ConnectionListener } from "../connection.ts";
import { toPubSubError } from "../errors.ts";

/** What happens to a question. Exactly one of the two is called, once. */
export interface Replies<Entry> {
  replied(entry: Entry, reply: Msg): void;
  lost(entry: Entry, error: PubSubError): void;
  /** Whether the caller still waits, with a timer of its own. @default false */
  isAwaited?(entry: Entry): boolean;
}

/** A question without a timer of its own is lost after this time at least, and after twice this time at most. */
const GIVE_UP_MS = 30_000;

/**
 * Publishes with a reply subject and pairs replies with questions. All replies arrive on one subscription `<inbox>.*`; a
 * counter tells them apart. This costs a third of the client's own `request`, which makes a promise, a timer and a
 * random token for each question.
 */
export class ReplyInbox<Entry> {
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #replies: Replies<Entry>;
  readonly #prefix: string;
  readonly #subscription: Subscription;
  readonly #listener: ConnectionListener;
  readonly #headers = new HeaderBlock();
  #pending = new NumberWindow<Entry>();
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

  /**
   * Publishes. The outcome goes to `replies` with this `entry`: at once when the message cannot be sent.
   *
   * @param headers a whole header block
   */
  ask(subject: string, body: Uint8Array, headers: string | undefined, entry: Entry): void {
    if (!this.#connection.connected) {
      this.#replies.lost(entry, this.#connection.unavailable());
      return;
    }
    const reply = this.#prefix + this.#pending.next;
    const options = headers === undefined ? { reply } : { reply, headers: this.#headers.set(headers) };
    try {
      this.#connection.nc.publish(subject, body, options);
    } catch (error) {
      this.#replies.lost(entry, toPubSubError(error, `publish to ${subject}`));
      return;
    }
    this.#pending.push(entry);
    this.#sweepTimer ??= this.#clock.setTimer(() => this.#sweep(), GIVE_UP_MS);
  }

  rejectAll(error: PubSubError): void {
    const entries = [...this.#pending.items()];
    // The numbers continue, so that a late reply is not taken for the reply to another question.
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
    const entry = this.#pending.take(Number(reply.subject.slice(this.#prefix.length)));
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

/** A header block in the form that the client's `publish` takes: the client only asks for the encoded bytes. */
class HeaderBlock {
  #block = "";

  set(block: string): MsgHdrs {
    this.#block = block;
    return this as unknown as MsgHdrs;
  }

  encode(): Uint8Array {
    return Buffer.from(this.#block, "utf8");
  }
}
