import type { Reader } from "../connection/reader.ts";
import { ANSWER_BYTES } from "../limits.ts";
import type { SubscriptionNames } from "../names.ts";
import type { Taker } from "./taker.ts";
import { type Entry, type RawEntry, readEntry, type StreamTag } from "../wire/entry.ts";
import type { WorkerSetup } from "./worker-setup.ts";

const FIRST_COUNT = 16;
const LARGEST_COUNT = 10_000;

type Reply = readonly (readonly [stream: Buffer, entries: readonly RawEntry[]])[] | null;

/** Reads as a consumer of the group from both streams, without order. Redis itself waits for the first message. */
export class StreamTaker implements Taker {
  readonly #names: SubscriptionNames;
  readonly #group: readonly string[];
  #first: StreamTag = "a";
  /** How many messages to ask each stream for at most: small at first, because nobody knows yet how large they are. */
  #most = FIRST_COUNT;

  constructor({ names }: WorkerSetup, consumer: string) {
    this.#names = names;
    this.#group = ["XREADGROUP", "GROUP", names.group, consumer];
  }

  async take(reader: Reader, room: number): Promise<readonly Entry[]> {
    if (room < 2) {
      const entries = await this.#takeOne(reader);
      if (entries.length > 0) return entries;
    }
    // Each stream may answer with this many.
    const count = String(Math.max(1, Math.min(this.#most, Math.floor(room / 2))));
    const { stream, again } = this.#names;
    const { blockMs } = reader;
    const options = ["COUNT", count, "BLOCK", String(blockMs), "STREAMS", again, stream, ">", ">"];
    return this.#entries(await reader.read([...this.#group, ...options], blockMs));
  }

  /** With one place, both streams must not answer. The one that is asked first takes turns, so that neither waits for ever. */
  async #takeOne(reader: Reader): Promise<readonly Entry[]> {
    const order: readonly StreamTag[] = this.#first === "a" ? ["a", "t"] : ["t", "a"];
    for (const tag of order) {
      const stream = tag === "a" ? this.#names.again : this.#names.stream;
      const reply = await reader.read([...this.#group, "COUNT", "1", "STREAMS", stream, ">"], 0);
      const entries = this.#entries(reply);
      if (entries.length === 0) continue;
      this.#first = tag === "a" ? "t" : "a";
      return entries;
    }
    return [];
  }

  #entries(reply: unknown): readonly Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    for (const [stream, raw] of (reply as Reply) ?? []) {
      const tag = stream.toString() === this.#names.again ? "a" : "t";
      for (const entry of raw) {
        for (const part of entry[1]) bytes += part.length;
        entries.push(readEntry(tag, entry));
      }
    }
    if (entries.length > 0) this.#adapt(bytes, entries.length);
    return entries;
  }

  /** Both streams may answer with messages of this size. */
  #adapt(bytes: number, count: number): void {
    const fitting = Math.floor((ANSWER_BYTES / 2) * (count / Math.max(1, bytes)));
    this.#most = Math.max(1, Math.min(fitting, this.#most * 2, LARGEST_COUNT));
  }
}
