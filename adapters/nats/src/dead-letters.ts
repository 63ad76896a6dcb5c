import { PubSubError } from "@anytopic/core/driver";
import type { DriverDeadLetters, OutgoingMessage, StoredMessage, TakenLetter } from "@anytopic/core/driver";
import { JetStreamApiError, type StreamState } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/nats-core";
import { parseAckSubject } from "./wire/ack-subject.ts";
import { HeaderBlock, withoutLettersOwn, type Envelope } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import { fitHeaders } from "./wire/fit-headers.ts";
import { fetchOnce, type Fetched } from "./receive/fetch.ts";
import { letterOf } from "./letters/letter.ts";
import { LETTER_LEASE_MS, NANOSECONDS_PER_MS } from "./limits.ts";
import type { SubscriptionNames } from "./names.ts";
import { pubAckError, readPubAck } from "./publish/puback.ts";
import type { ReplyInbox } from "./publish/reply-inbox.ts";

/** A publish of the driver itself that waits for its PubAck. */
export interface Question {
  resolve(reply: Msg): void;
  reject(error: PubSubError): void;
}

const NAK = Buffer.from("-NAK");
const PEEK_TIMEOUT_MS = 5000;
const PURGES_AT_ONCE = 64;

/**
 * The dead letters of one subscription: a stream of their own, read by one durable consumer for redrive. Nothing is to be
 * closed: letters that were taken and not settled come back when their lease ends.
 */
export class NatsDeadLetters implements DriverDeadLetters {
  readonly #connection: Connection;
  readonly #names: SubscriptionNames;
  readonly #inbox: ReplyInbox<Question>;
  readonly #headers = new HeaderBlock();

  constructor(connection: Connection, names: SubscriptionNames, inbox: ReplyInbox<Question>) {
    this.#connection = connection;
    this.#names = names;
    this.#inbox = inbox;
  }

  async store(letter: OutgoingMessage): Promise<void> {
    await this.#publish(this.#names.deadLetterSubject, letter, "letter");
  }

  async redeliver(message: OutgoingMessage): Promise<void> {
    const attributes = withoutLettersOwn(message.attributes);
    await this.#publish(this.#names.redriveSubject, { ...message, attributes }, { redrivenTo: this.#names.consumer });
  }

  async count(): Promise<number> {
    return this.#mapped("count dead letters", async () => {
      const { state } = await this.#connection.jsm.streams.info(this.#names.deadLetterStream);
      return state.messages;
    });
  }

  async peek(limit: number): Promise<readonly StoredMessage[]> {
    return this.#mapped("read dead letters", async () => {
      const stream = this.#names.deadLetterStream;
      const { consumers } = this.#connection.jsm;
      const { name } = await consumers.add(stream, {
        ack_policy: "none",
        deliver_policy: "all",
        replay_policy: "instant",
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: PEEK_TIMEOUT_MS * NANOSECONDS_PER_MS,
      });
      try {
        const fetched = await fetchOnce(this.#connection, { stream, consumer: name }, limit, 0);
        const letters = await Promise.all(
          fetched.map(async (message) => letterOf(this.#connection, this.#names, message)),
        );
        return letters.filter((letter) => letter !== undefined);
      } finally {
        await consumers.delete(stream, name).catch(() => {});
      }
    });
  }

  async take(limit: number, waitMs: number): Promise<readonly TakenLetter[]> {
    return this.#mapped("take dead letters", async () => {
      const source = { stream: this.#names.deadLetterStream, consumer: this.#names.deadLetterConsumer };
      const fetched = await fetchOnce(this.#connection, source, limit, waitMs);
      const letters = await Promise.all(fetched.map(async (message) => this.#taken(message)));
      return letters.filter((letter) => letter !== undefined);
    });
  }

  /** One by one: the stream denies the server's own purge, which a publisher could bring about (ADR 014). */
  async purge(): Promise<number> {
    return this.#mapped("purge dead letters", async () => {
      const { state } = await this.#connection.jsm.streams.info(this.#names.deadLetterStream, {
        deleted_details: true,
      });
      // One for all, which a failure ends: nothing of a purge goes on once it has failed.
      const sequences = sequencesOf(state);
      let purged = 0;
      const work = async (): Promise<void> => {
        for (const sequence of sequences) if (await this.#delete(sequence)) purged += 1;
      };
      const ends = await Promise.allSettled(Array.from({ length: PURGES_AT_ONCE }, work));
      const failed = ends.find((end) => end.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      return purged;
    });
  }

  async #taken(message: Fetched): Promise<TakenLetter | undefined> {
    const letter = await letterOf(this.#connection, this.#names, message);
    const remove = async (): Promise<void> => this.#remove(message);
    if (letter === undefined) {
      await remove();
      return undefined;
    }
    // Its place among the letters: one that was stored twice has one id and one time.
    const mark = String(sequenceOf(message));
    return Object.assign(letter, { mark, remove, putBack: async () => this.#putBack(message) });
  }

  async #remove(message: Fetched): Promise<void> {
    await this.#mapped("remove a dead letter", async () => {
      await this.#delete(sequenceOf(message));
      this.#connection.ack(message.reply);
    });
  }

  /** False when it is gone already. */
  async #delete(sequence: number): Promise<boolean> {
    try {
      return await this.#connection.jsm.streams.deleteMessage(this.#names.deadLetterStream, sequence, false);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || !GONE.has(error.code)) throw error;
      return false;
    }
  }

  async #putBack(message: Fetched): Promise<void> {
    this.#connection.settle(message.reply, NAK, LETTER_LEASE_MS / 2);
    if (!(await this.#connection.flush())) throw this.#connection.unavailable();
  }

  async #publish(subject: string, message: OutgoingMessage, envelope: Envelope): Promise<void> {
    const what = `publish to ${subject}`;
    const { context, nc, options } = this.#connection;
    const { block, leftOut } = fitHeaders(message, envelope, nc.info?.max_payload ?? options.maxPayloadBytes);
    if (leftOut !== undefined) {
      context.logger.warn(
        { subject, leftOut },
        "a message is too large for what is added to it: stored without a part",
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Msg>();
    const headers = block === undefined ? undefined : this.#headers.set(block);
    this.#inbox.ask(subject, message.body, headers, { resolve, reject });
    const outcome = readPubAck(await promise);
    if (outcome !== "stored") throw pubAckError(outcome, what);
  }

  async #mapped<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
    if (!this.#connection.connected) throw this.#connection.unavailable();
    try {
      return await run();
    } catch (error) {
      throw toPubSubError(error, `${what} of stream ${this.#names.deadLetterStream}`);
    }
  }
}

/** A letter that somebody else removed, or that expired. */
const GONE: ReadonlySet<number> = new Set([ErrCode.MESSAGE_NOT_FOUND, ErrCode.DELETE_FAILED]);

function* sequencesOf({ first_seq: first, last_seq: last, deleted }: StreamState): Generator<number> {
  const gone = new Set(deleted);
  for (let sequence = first; sequence <= last; sequence += 1) if (!gone.has(sequence)) yield sequence;
}

function sequenceOf(message: Fetched): number {
  const ack = parseAckSubject(message.reply);
  if (ack !== undefined) return ack.streamSequence;
  throw new PubSubError("UNKNOWN", "the server delivered a dead letter without its sequence");
}
