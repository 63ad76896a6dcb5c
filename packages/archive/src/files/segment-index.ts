import type { FileHandle } from "node:fs/promises";
import { messageOf } from "../record.ts";

/** Where the messages of a segment are, in the order in which they are read. Memory: about 40 bytes for each. */
export interface SegmentIndex {
  readonly entries: readonly IndexEntry[];
  /** Lines that are no message. */
  readonly damaged: number;
  /** Whether the last line has no end: its process died while it wrote it, or writes it now. */
  readonly isTorn: boolean;
}

export interface IndexEntry {
  readonly publishTimeMs: number;
  /** In bytes. */
  readonly offset: number;
  readonly length: number;
}

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

/** Reads a segment from its beginning, a piece at a time. */
export async function indexOf(topic: string, file: FileHandle): Promise<SegmentIndex> {
  const entries: IndexEntry[] = [];
  let damaged = 0;
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, offset + rest.length);
    if (bytesRead === 0) break;
    const text = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (;;) {
      const end = text.indexOf(NEWLINE, start);
      if (end < 0) break;
      const message = messageOf(topic, text.toString("utf8", start, end));
      if (message === undefined) damaged += 1;
      else entries.push({ publishTimeMs: message.publishTimeMs, offset: offset + start, length: end - start });
      start = end + 1;
    }
    offset += start;
    rest = text.subarray(start);
  }
  // The sort is stable: equal times stay in the order of the file.
  entries.sort((a, b) => a.publishTimeMs - b.publishTimeMs);
  return { entries, damaged, isTorn: rest.length > 0 };
}
