import { type Content, decodeFields } from "../codec.ts";
import { unpackedFields } from "./fields.ts";

/** `"t"`: the topic's stream; `"a"`: the subscription's own stream of what is redelivered. */
export type StreamTag = "t" | "a";

/** An entry as Redis replies it: its id, and names and values in turn. */
export type RawEntry = readonly [id: Buffer, fields: readonly Buffer[]];

/** An entry that was given to a worker. */
export interface Entry {
  readonly content: Content;
  readonly tag: StreamTag;
  readonly entryId: string;
  /** Its stream and its id together, by which it is settled. */
  readonly place: string;
  /** The id of the entry in the topic's stream with which the message began; of a redriven one, the time of its publish and `-0`. */
  readonly originId: string;
  /** How many attempts have failed. */
  readonly failed: number;
  readonly fields: readonly Buffer[];
}

/** The first field of an entry in the stream of what is redelivered. Only workers write there. */
export const AGAIN_FIELD = "anytopic-again";
const AGAIN = /^(\d+) (\S+) ([01]) ([01])$/;

/** Reads an entry. Nothing that a publisher has written is taken for what a worker writes: that is decided by stream and position. */
export function readEntry(tag: StreamTag, [rawId, raw]: RawEntry): Entry {
  const id = rawId.toString();
  const [, failed = "0", originId = id, , packed = "0"] = (tag === "a" && AGAIN.exec(String(raw[1]))) || [];
  let fields = tag === "a" ? raw.slice(2) : raw;
  if (packed === "1") fields = unpackedFields(fields.at(-1) ?? Buffer.alloc(0));
  // A redriven message has no entry in the topic's stream that it began with.
  const content = decodeFields(fields, tag === "a" && originId === REDRIVEN ? "redriven" : "event");
  return { content, tag, entryId: id, place: tag + id, originId, failed: Number(failed), fields };
}

/** Instead of the id of an original entry. */
export const REDRIVEN = "redriven";

/** The milliseconds of an entry's id; 0 when there are none. */
export function idTimeMs(id: string): number {
  return Number.parseInt(id, 10) || 0;
}
