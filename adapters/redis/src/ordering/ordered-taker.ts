import type { Reader } from "../connection/reader.ts";
import { ANSWER_BYTES, MAX_PARKED } from "../limits.ts";
import type { WorkerScripts } from "../receive/worker-scripts.ts";
import type { WorkerSetup } from "../receive/worker-setup.ts";
import { TAKE } from "../scripts/take.ts";
import type { Taker } from "../receive/taker.ts";
import { type Entry, type RawEntry, readEntry, type StreamTag } from "../wire/entry.ts";

/** How long a worker waits when too many messages wait for their keys, in ms. Nothing tells it when they have become fewer. */
const FULL_MS = 250;

type Taken = readonly (readonly [tag: Buffer, id: Buffer, fields: RawEntry[1]])[];
type Reply = readonly [taken: Taken, newestTopic: Buffer, newestAgain: Buffer, isFull: number, isMore: number];

/** Takes messages whose key is free, with a script. When there is none, it waits until something was added to a stream. */
export class OrderedTaker implements Taker {
  readonly #setup: WorkerSetup;
  readonly #scripts: WorkerScripts;

  constructor(setup: WorkerSetup, scripts: WorkerScripts) {
    this.#setup = setup;
    this.#scripts = scripts;
  }

  async take(reader: Reader, room: number): Promise<readonly Entry[]> {
    const limits = [String(room), String(MAX_PARKED), String(ANSWER_BYTES)];
    const reply = (await this.#scripts.run(TAKE, limits)) as Reply;
    const [taken, newestTopic, newestAgain, isFull, isMore] = reply;
    if (taken.length === 0 && isMore === 0) await this.#wait(reader, isFull === 1, newestTopic, newestAgain);
    return taken.map(([tag, id, fields]) => readEntry(tag.toString() as StreamTag, [id, fields]));
  }

  /** Waits as a reader without a group: it gets nothing, it only wakes. When too many wait for their keys, new messages are of no use. */
  async #wait(reader: Reader, isFull: boolean, newestTopic: Buffer, newestAgain: Buffer): Promise<void> {
    const { again, stream } = this.#setup.names;
    const streams = isFull ? [again, newestAgain] : [again, stream, newestAgain, newestTopic];
    const blockMs = isFull ? Math.min(FULL_MS, reader.blockMs) : reader.blockMs;
    await reader.read(["XREAD", "COUNT", "1", "BLOCK", String(blockMs), "STREAMS", ...streams], blockMs);
  }
}
