import { type FileHandle, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "@anytopic/core";
import type { ArchivedMessage } from "../archive-store.ts";
import { recordLine } from "../record.ts";
import { closedName, newOrder, openName } from "../segment-name.ts";

/** When a segment ends, and the next begins. */
export interface SegmentSize {
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** The segment that is written now. Its counts are those of what is certainly on the disk. */
interface OpenSegment {
  readonly order: string;
  readonly openedMs: number;
  readonly file: FileHandle;
  bytes: number;
  firstMs: number;
  lastMs: number;
}

/** Appends the messages of one topic to its folder. One process never appends to the file of another one, or of its own past. */
export class SegmentWriter {
  readonly #folder: string;
  readonly #size: SegmentSize;
  readonly #clock: Clock;
  #current: OpenSegment | undefined;
  #lastOpenedMs = 0;
  /** One thing after the other. Never rejects. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, size: SegmentSize, clock: Clock) {
    this.#folder = folder;
    this.#size = size;
    this.#clock = clock;
  }

  async append(messages: readonly ArchivedMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#inTurn(async () => await this.#append(messages));
  }

  /** Ends the segment that is written now. */
  async rotate(): Promise<void> {
    await this.#inTurn(async () => await this.#end());
  }

  async #inTurn(act: () => Promise<void>): Promise<void> {
    const acting = this.#turn.then(act);
    this.#turn = acting.catch(() => {});
    await acting;
  }

  async #append(messages: readonly ArchivedMessage[]): Promise<void> {
    const bytes = Buffer.from(messages.map(recordLine).join(""));
    const old = this.#current;
    if (old !== undefined && this.#isFull(old, bytes.length)) await this.#end();
    const segment = (this.#current ??= await this.#begin());
    try {
      await segment.file.appendFile(bytes);
      await segment.file.datasync();
    } catch (error) {
      this.#current = undefined;
      await this.#abandon(segment);
      throw error;
    }
    segment.bytes += bytes.length;
    for (const { publishTimeMs } of messages) {
      segment.firstMs = Math.min(segment.firstMs, publishTimeMs);
      segment.lastMs = Math.max(segment.lastMs, publishTimeMs);
    }
  }

  #isFull({ openedMs, bytes }: OpenSegment, more: number): boolean {
    return bytes + more > this.#size.maxBytes || this.#clock.now() - openedMs >= this.#size.maxMs;
  }

  async #begin(): Promise<OpenSegment> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    // The order of segments is that of their names.
    const openedMs = Math.max(this.#clock.now(), this.#lastOpenedMs + 1);
    const order = newOrder(openedMs);
    const file = await open(join(this.#folder, openName(order)), "ax", 0o600);
    this.#lastOpenedMs = openedMs;
    const segment = { order, openedMs, file, bytes: 0, firstMs: Infinity, lastMs: -Infinity };
    try {
      // Else a crash of the machine may leave the bytes without a name.
      await syncFolder(this.#folder);
      await syncFolder(dirname(this.#folder));
    } catch (error) {
      await this.#abandon(segment);
      throw error;
    }
    return segment;
  }

  async #end(): Promise<void> {
    const segment = this.#current;
    this.#current = undefined;
    if (segment !== undefined) await this.#finish(segment);
  }

  /**
   * After a failed write or sync, nobody knows what is on the disk beyond the former end. That is cut off, and the file is not used again:
   * a later sync of the same file may succeed although the pages were lost (https://lwn.net/Articles/752063/, read 2026-11-26).
   */
  async #abandon(segment: OpenSegment): Promise<void> {
    try {
      await segment.file.truncate(segment.bytes);
      await this.#finish(segment);
    } catch {
      // What is left is a torn last line in a file with its first name, which reading tolerates.
      await segment.file.close().catch(() => {});
    }
  }

  async #finish({ order, file, bytes, firstMs, lastMs }: OpenSegment): Promise<void> {
    await file.close();
    const from = join(this.#folder, openName(order));
    try {
      if (bytes === 0) await unlink(from);
      else await rename(from, join(this.#folder, closedName(order, firstMs, lastMs)));
    } catch (error) {
      // It was pruned: it was idle for longer than a segment lasts.
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    }
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
