import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@anytopic/core";
import type { ArchivedMessage } from "../archive-store.ts";
import type { Segment } from "../merged-segments.ts";
import { messageOf } from "../record.ts";
import { indexOf, type IndexEntry } from "./segment-index.ts";
import { readName, type SegmentName } from "./segment-name.ts";

/** Bytes that are read at once: in a file that was written in order, thousands of messages. */
const WINDOW_BYTES = 256 * 1024;

/** A segment in a folder, for reading. */
export class FileSegment implements Segment {
  readonly order: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly #folder: string;
  readonly #topic: string;
  readonly #name: SegmentName;
  readonly #logger: Logger;

  constructor(folder: string, topic: string, name: SegmentName, logger: Logger) {
    this.#folder = folder;
    this.#topic = topic;
    this.#name = name;
    this.#logger = logger;
    this.order = name.order;
    // Of a segment that is still written nobody knows: it is always opened, first.
    this.firstMs = name.range?.firstMs ?? Number.NEGATIVE_INFINITY;
    this.lastMs = name.range?.lastMs ?? Number.POSITIVE_INFINITY;
  }

  async *messages(): AsyncGenerator<ArchivedMessage, void> {
    const file = await this.#open();
    if (file === undefined) return;
    try {
      const { entries, damaged, isTorn } = await indexOf(this.#topic, file);
      this.#report(damaged, isTorn);
      const window = new Window(file);
      for (const entry of entries) {
        const message = messageOf(this.#topic, await window.line(entry));
        if (message !== undefined) yield message;
      }
    } finally {
      await file.close();
    }
  }

  /** Its writer may have given it its last name since the folder was listed. `undefined` when it was pruned. */
  async #open(): Promise<FileHandle | undefined> {
    const file = await openOrNone(join(this.#folder, this.#name.file));
    if (file !== undefined) return file;
    const now = (await readdir(this.#folder)).find((other) => readName(other)?.order === this.order);
    return now === undefined ? undefined : await openOrNone(join(this.#folder, now));
  }

  #report(damaged: number, isTorn: boolean): void {
    const place = { topic: this.#topic, file: this.#name.file };
    if (damaged > 0) {
      this.#logger.error(
        { ...place, damaged },
        `${damaged} lines of an archived file are no messages, and are left out`,
      );
    }
    if (isTorn) {
      this.#logger.warn(
        place,
        "the last line of an archived file has no end: it is being written, or its process died",
      );
    }
  }
}

async function openOrNone(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A part of a file in memory. */
class Window {
  readonly #file: FileHandle;
  #start = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async line({ offset, length }: IndexEntry): Promise<string> {
    const end = this.#start + this.#bytes.length;
    if (offset < this.#start || offset + length > end) await this.#move(offset, Math.max(length, WINDOW_BYTES));
    const at = offset - this.#start;
    return this.#bytes.toString("utf8", at, at + length);
  }

  async #move(offset: number, length: number): Promise<void> {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await this.#file.read(bytes, 0, length, offset);
    this.#start = offset;
    this.#bytes = bytes.subarray(0, bytesRead);
  }
}
