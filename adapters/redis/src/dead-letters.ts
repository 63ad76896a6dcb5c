import { randomUUID } from "node:crypto";
import type { DriverDeadLetters, LetterVisit, OutgoingMessage, TakenLetter } from "@anytopic/core/driver";
import { encodeDated, withoutLettersOwn } from "./codec.ts";
import type { Connection } from "./connection.ts";
import { leaseLost, notFound, toPubSubError } from "./errors.ts";
import { decodeLetter } from "./letters/letter.ts";
import { ANSWER_BYTES, LETTER_LEASE_MS } from "./limits.ts";
import type { SubscriptionNames } from "./names.ts";
import { END_LETTER, PURGE_LETTERS, TAKE_LETTERS } from "./scripts/letters.ts";
import { AGAIN_FIELD, type RawEntry, REDRIVEN } from "./wire/entry.ts";

/** How many letters to ask for first: they may be large. */
const FIRST_PAGE = 8;
const LARGEST_PAGE = 1000;

/** The dead letters of one subscription: a stream of their own, and a hash of who has taken which. Closing is not needed: a lease ends by itself. */
export class RedisDeadLetters implements DriverDeadLetters {
  readonly emptyIsCertain = true;
  readonly #connection: Connection;
  readonly #names: SubscriptionNames;
  /** Whose the leases are. */
  readonly #taker: string = randomUUID();
  #takes = 0;
  /** After which letter to look first: those before it were taken. */
  #after = "-";

  constructor(connection: Connection, names: SubscriptionNames) {
    this.#connection = connection;
    this.#names = names;
  }

  async store(letter: OutgoingMessage): Promise<void> {
    await this.#add(this.#names.dead, [], letter);
  }

  async redeliver(message: OutgoingMessage): Promise<void> {
    const attributes = withoutLettersOwn(message.attributes);
    await this.#add(this.#names.again, [AGAIN_FIELD, `0 ${REDRIVEN} 0 0`], { ...message, attributes });
  }

  async count(): Promise<number> {
    return this.#mapped("count dead letters", async () => {
      const count = Number(await this.#connection.send(["XLEN", this.#names.dead]));
      if (count === 0 && (await this.#connection.send(["EXISTS", this.#names.dead])) === 0) throw this.#notFound();
      return count;
    });
  }

  async scan(limit: number, visit: LetterVisit): Promise<void> {
    await this.#mapped("read dead letters", async () => {
      let most = FIRST_PAGE;
      let shown = 0;
      for (let start = "-"; shown < limit;) {
        const size = Math.min(most, limit - shown);
        const range = ["XRANGE", this.#names.dead, start, "+", "COUNT", String(size)];
        const page = (await this.#connection.send(range)) as readonly RawEntry[];
        for (const entry of page) if (!visit(decodeLetter(this.#names, entry))) return;
        if (page.length < size) return;
        shown += size;
        most = Math.max(1, Math.min(LARGEST_PAGE, Math.floor((ANSWER_BYTES * page.length) / bytesOf(page))));
        start = `(${String(page.at(-1)?.[0])}`;
      }
    });
  }

  async take(limit: number): Promise<readonly TakenLetter[]> {
    return this.#mapped("take dead letters", async () => {
      let entries = await this.#take(limit, this.#after);
      if (entries.length === 0 && this.#after !== "-") entries = await this.#take(limit, "-");
      const last = entries.at(-1);
      this.#after = last === undefined ? "-" : `(${String(last.entry[0])}`;
      return entries.map(({ entry, mark }) => this.#taken(entry, mark));
    });
  }

  async purge(): Promise<number> {
    return this.#mapped("purge dead letters", async () => {
      const count = await this.#connection.script(PURGE_LETTERS, [this.#names.dead, this.#names.taken], []);
      if (count === null) throw this.#notFound();
      return Number(count);
    });
  }

  async #take(limit: number, after: string): Promise<readonly { readonly entry: RawEntry; readonly mark: string }[]> {
    this.#takes += 1;
    const mark = `${this.#taker}:${this.#takes}`;
    const args = [String(limit), String(LETTER_LEASE_MS), mark, after, String(ANSWER_BYTES)];
    const reply = await this.#connection.script(TAKE_LETTERS, [this.#names.dead, this.#names.taken], args);
    if (reply === null) throw this.#notFound();
    return (reply as readonly RawEntry[]).map((entry) => ({ entry, mark }));
  }

  #taken(entry: RawEntry, lease: string): TakenLetter {
    const id = entry[0].toString();
    const end = async (what: string, deletes: boolean): Promise<void> => {
      const done = await this.#mapped(what, async () =>
        this.#connection.script(END_LETTER, [this.#names.dead, this.#names.taken], [id, lease, deletes ? "1" : "0"]),
      );
      if (done === 0) throw leaseLost();
    };
    return Object.assign(decodeLetter(this.#names, entry), {
      mark: id,
      remove: async () => end("remove a dead letter", true),
      putBack: async () => {
        this.#after = "-";
        await end("put a dead letter back", false);
      },
    });
  }

  async #add(stream: string, first: readonly string[], message: OutgoingMessage): Promise<void> {
    await this.#mapped("add an entry", async () => {
      const command = ["XADD", stream, "NOMKSTREAM", "*", ...first, ...encodeDated(message)];
      const stored = await this.#connection.publishing(stream)(command, true);
      if (stored === null) throw notFound(`stream ${stream}`);
    });
  }

  #notFound(): Error {
    return notFound(`stream ${this.#names.dead}`);
  }

  async #mapped<Result>(what: string, run: () => Promise<Result>): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      throw toPubSubError(error, `${what} of stream ${this.#names.dead}`);
    }
  }
}

function bytesOf(entries: readonly RawEntry[]): number {
  let bytes = 1;
  for (const [, fields] of entries) for (const part of fields) bytes += part.length;
  return bytes;
}
