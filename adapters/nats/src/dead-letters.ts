import type { DriverDeadLetters, LetterVisit, OutgoingMessage, TakenLetter } from "@anytopic/core/driver";
import { JetStreamApiError, type StreamState } from "@nats-io/jetstream";
import { type Envelope, withoutLettersOwn } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { ErrCode, toPubSubError } from "./errors.ts";
import { decodeLetter } from "./letters/letter.ts";
import { LETTER_LEASE_MS, MAX_FETCH_BYTES, NANOSECONDS_PER_MS } from "./limits.ts";
import type { SubscriptionNames } from "./names.ts";
import type { Asker } from "./publish/asker.ts";
import { pubAckError, readPubAck } from "./publish/puback.ts";
import { type Fetched, fetchOnce } from "./receive/fetch.ts";
import { NAK_PAYLOAD } from "./settle/settle-writer.ts";
import { fitHeaders } from "./wire/fit-headers.ts";

const SCAN_TIMEOUT_MS = 5000;
const PURGES_AT_ONCE = 64;

/** A letter that was already removed, or that has expired. */
const GONE: ReadonlySet<number> = new Set([ErrCode.MESSAGE_NOT_FOUND, ErrCode.DELETE_FAILED]);

/**
 * The dead letters of one subscription: a stream of their own, with one durable consumer for redrive. Closing is not
 * needed: letters that were taken and not settled are redelivered when their lease ends.
 */
export class NatsDeadLetters implements DriverDeadLetters {
  readonly #connection: Connection;
  readonly #names: SubscriptionNames;
  readonly #asker: Asker;

  constructor(connection: Connection, names: SubscriptionNames, asker: Asker) {
    this.#connection = connection;
    this.#names = names;
    this.#asker = asker;
  }

  async store(letter: OutgoingMessage): Promise<void> {
    await this.#publish(this.#names.deadLetterSubject, letter, "letter");
  }

  async redeliver(message: OutgoingMessage): Promise<void> {
    const attributes = withoutLettersOwn(message.attributes);
    await this.#publish(
      this.#names.redriveSubject,
      { ...message, attributes },
      { redrivenTo: this.#names.subscription },
    );
  }

  async count(): Promise<number> {
    return this.#mapped("count dead letters", async () => {
      const { state } = await this.#connection.jsm.streams.info(this.#names.deadLetterStream);
      return state.messages;
    });
  }

  async scan(limit: number, visit: LetterVisit): Promise<void> {
    await this.#mapped("read dead letters", async () => {
      const stream = this.#names.deadLetterStream;
      const { consumers } = this.#connection.jsm;
      const { name } = await consumers.add(stream, {
        ack_policy: "none",
        deliver_policy: "all",
        replay_policy: "instant",
        mem_storage: true,
        num_replicas: 1,
        inactive_threshold: SCAN_TIMEOUT_MS * NANOSECONDS_PER_MS,
      });
      try {
        let isLast = false;
        for (let asked = 0; !isLast && asked < limit;) {
          const size = Math.min(limit - asked, this.#fetchLimit);
          asked += size;
          const fetched = await fetchOnce(this.#connection, { stream, consumer: name }, size, 0);
          isLast = fetched.length < size;
          const letters = await Promise.all(
            fetched.map(async (each) => decodeLetter(this.#connection, this.#names, each)),
          );
          for (const letter of letters) if (letter !== undefined && !visit(letter)) return;
        }
      } finally {
        await consumers.delete(stream, name).catch(() => {});
      }
    });
  }

  async take(limit: number, waitMs: number): Promise<readonly TakenLetter[]> {
    return this.#mapped("take dead letters", async () => {
      const source = { stream: this.#names.deadLetterStream, consumer: this.#names.deadLetterConsumer };
      const fetched = await fetchOnce(this.#connection, source, Math.min(limit, this.#fetchLimit), waitMs);
      const letters = await Promise.all(fetched.map(async (each) => this.#taken(each)));
      return letters.filter((letter) => letter !== undefined);
    });
  }

  /** Deletes one by one: the stream denies the server's own purge, which a publisher could cause (ADR 014). */
  async purge(): Promise<number> {
    return this.#mapped("purge dead letters", async () => {
      const { state } = await this.#connection.jsm.streams.info(this.#names.deadLetterStream, {
        deleted_details: true,
      });
      // All share this generator. A failure ends it, so that no deletion starts after it.
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

  /** So few that the server can keep them for a connection that reads slowly, however large they are. */
  get #fetchLimit(): number {
    return Math.max(1, Math.floor(MAX_FETCH_BYTES / this.#maxPayloadBytes));
  }

  get #maxPayloadBytes(): number {
    const { nc, options } = this.#connection;
    return nc.info?.max_payload ?? options.maxPayloadBytes;
  }

  async #taken(fetched: Fetched): Promise<TakenLetter | undefined> {
    const letter = await decodeLetter(this.#connection, this.#names, fetched);
    const remove = async (): Promise<void> => this.#remove(fetched);
    if (letter === undefined) {
      await remove();
      return undefined;
    }
    // Its place in the stream: a letter that was stored twice has the same id and time.
    const mark = String(fetched.ack.streamSequence);
    return Object.assign(letter, { mark, remove, putBack: async () => this.#putBack(fetched) });
  }

  async #remove({ ack, reply }: Fetched): Promise<void> {
    await this.#mapped("remove a dead letter", async () => {
      await this.#delete(ack.streamSequence);
      this.#connection.settles.ack(reply);
    });
  }

  /** False when it was not there. */
  async #delete(sequence: number): Promise<boolean> {
    try {
      return await this.#connection.jsm.streams.deleteMessage(this.#names.deadLetterStream, sequence, false);
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || !GONE.has(error.code)) throw error;
      return false;
    }
  }

  async #putBack({ reply }: Fetched): Promise<void> {
    this.#connection.settles.send(reply, NAK_PAYLOAD, LETTER_LEASE_MS / 2);
    if (!(await this.#connection.flush())) throw this.#connection.unavailable();
  }

  async #publish(subject: string, message: OutgoingMessage, envelope: Envelope): Promise<void> {
    const { context } = this.#connection;
    const { block, leftOut } = fitHeaders(message, envelope, this.#maxPayloadBytes);
    if (leftOut !== undefined)
      context.logger.warn({ subject, leftOut }, "a message is too large for the added headers: stored without a part");
    const outcome = readPubAck(await this.#asker.ask(subject, message.body, block));
    if (outcome !== "stored") throw pubAckError(outcome, `publish to ${subject}`);
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

function* sequencesOf({ first_seq: first, last_seq: last, deleted }: StreamState): Generator<number> {
  const gone = new Set(deleted);
  for (let sequence = first; sequence <= last; sequence += 1) if (!gone.has(sequence)) yield sequence;
}
