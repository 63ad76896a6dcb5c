import { open, readdir, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@anytopic/core";
import type { ArchivedMessage } from "../archive-store.ts";
import type { Segment } from "../merged-segments.ts";
import { messageOf } from "../record.ts";
import { indexOf, type IndexEntry } from "./segment-index.ts";
import { readName, type SegmentName } from "../segment-name.ts";

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

  private constructor(
    folder: string,
    topic: string,
    name: SegmentName,
    range: { readonly firstMs: number; readonly lastMs: number },
    logger: Logger,
  ) {
    this.#folder = folder;
    this.#topic = topic;
    this.#name = name;
    this.#logger = logger;
    this.order = name.order;
    this.firstMs = range.firstMs;
    this.lastMs = range.lastMs;
  }

  /**
   * The name of a file that is still written, or whose process has died, does not say its times: it is read for them. `undefined`
   * when it has no message, or was pruned.
   */
  static async find(
    folder: string,
    topic: string,
    name: SegmentName,
    logger: Logger,
  ): Promise<FileSegment | undefined> {
    if (name.range !== undefined) return new FileSegment(folder, topic, name, name.range, logger);
    const file = await openNow(folder, name);
    if (file === undefined) return undefined;
    try {
      const { entries } = await indexOf(topic, file);
      const [first, last] = [entries[0], entries.at(-1)];
      if (first === undefined || last === undefined) return undefined;
      const range = { firstMs: first.publishTimeMs, lastMs: last.publishTimeMs };
      return new FileSegment(folder, topic, name, range, logger);
    } finally {
      await file.close();
    }
  }

  async *messages(): AsyncGenerator<ArchivedMessage, void> {
    const file = await openNow(this.#folder, this.#name);
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

/** Its writer may have given it its last name since the folder was listed. `undefined` when it was pruned. */
async function openNow(folder: string, { file, order }: SegmentName): Promise<FileHandle | undefined> {
  const found = await openOrNone(join(folder, file));
  if (found !== undefined) return found;
  const now = (await readdir(folder)).find((other) => readName(other)?.order === order);
  return now === undefined ? undefined : await openOrNone(join(folder, now));
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
