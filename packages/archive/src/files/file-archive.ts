import { readdir, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Clock, type Logger, PubSubError, silentLogger, systemClock } from "@anytopic/core";
import type { ArchivedMessage, ArchiveSelection, ArchiveStore } from "../archive-store.ts";
import { requireTopicName } from "../archived-topic.ts";
import { mergedSegments } from "../merged-segments.ts";
import { requireOption, requireKnown } from "../option-checks.ts";
import { requireTime, selects } from "../selects.ts";
import { FileSegment } from "./file-segment.ts";
import { readName, type SegmentName } from "../segment-name.ts";
import { SegmentWriter } from "./segment-writer.ts";

/** When an archive in files begins a new file, and where it says what it cannot read. */
export interface FileArchiveOptions {
  /** After how many bytes a file ends and the next begins; 1 KiB to 1 GiB. Reading a file needs about 40 bytes of memory for each of its messages. @default 64 MiB */
  readonly maxSegmentBytes?: number | undefined;
  /** After which time a file ends, with the next append, in ms; 1 s to 24 h. @default 1 hour */
  readonly maxSegmentMs?: number | undefined;
  /** Hears of lines that cannot be read. @default nobody */
  readonly logger?: Logger | undefined;
  /** For tests. @default the system's */
  readonly clock?: Clock | undefined;
}

const HOUR_MS = 3_600_000;
/** A file that was begun before this time is not appended to by any process. */
const IS_IDLE_MS = 25 * HOUR_MS;

/**
 * An archive in a folder: for each topic a folder with files of one JSON object a line. The folder and files are made for their owner
 * alone. Several processes may use it, on one machine: each writes its own files. An append is durable when the disk has it (`fdatasync`).
 *
 * @param folder made when it is not there
 * @throws TypeError when an argument is wrong
 */
export function fileArchive(folder: string, options: FileArchiveOptions = {}): ArchiveStore {
  if (typeof folder !== "string" || folder === "") throw new TypeError("folder: must be a path");
  requireKnown("fileArchive", options, ["maxSegmentBytes", "maxSegmentMs", "logger", "clock"]);
  const maxBytes = requireOption("maxSegmentBytes", options.maxSegmentBytes ?? 64 * 1024 * 1024, 1024, 1024 ** 3);
  const maxMs = requireOption("maxSegmentMs", options.maxSegmentMs ?? HOUR_MS, 1000, 24 * HOUR_MS);
  return new FileArchive(resolve(folder), { maxBytes, maxMs }, options);
}

class FileArchive implements ArchiveStore {
  readonly #folder: string;
  readonly #size: { readonly maxBytes: number; readonly maxMs: number };
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #writers = new Map<string, SegmentWriter>();
  #isClosed = false;

  constructor(
    folder: string,
    size: { readonly maxBytes: number; readonly maxMs: number },
    options: FileArchiveOptions,
  ) {
    this.#folder = folder;
    this.#size = size;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
  }

  async append(messages: readonly ArchivedMessage[]): Promise<void> {
    if (this.#isClosed) throw new PubSubError("CLOSED", "the archive is closed");
    const byTopic = new Map<string, ArchivedMessage[]>();
    for (const message of messages) {
      const topic = requireTopicName(message.topic);
      const some = byTopic.get(topic);
      if (some === undefined) byTopic.set(topic, [message]);
      else some.push(message);
    }
    await Promise.all([...byTopic].map(async ([topic, some]) => await this.#writer(topic).append(some)));
  }

  async *read(selection: ArchiveSelection): AsyncGenerator<ArchivedMessage, void> {
    const selected = selects(selection);
    const { topic } = selected;
    const folder = join(this.#folder, topic);
    const segments: FileSegment[] = [];
    for (const name of await this.#names(topic)) {
      const segment = await FileSegment.find(folder, topic, name, this.#logger);
      if (segment !== undefined) segments.push(segment);
    }
    yield* mergedSegments(segments, selected, selection.signal);
  }

  /** Deletes files whose last message was published before that time. A file that a process left when it died is deleted a day later. */
  async prune(topic: string, before: Date): Promise<void> {
    requireTopicName(topic);
    const beforeMs = requireTime("before", before);
    await this.#writers.get(topic)?.rotate();
    for (const name of await this.#names(topic)) {
      const lastMs = name.range?.lastMs ?? (await this.#lastMsOf(topic, name));
      if (lastMs < beforeMs) await unlinkIfThere(join(this.#folder, topic, name.file));
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const writers = [...this.#writers.values()];
    this.#writers.clear();
    await Promise.all(writers.map(async (writer) => await writer.rotate()));
  }

  /** Of a file without its last name. Infinite while its process may live. */
  async #lastMsOf(topic: string, name: SegmentName): Promise<number> {
    if (name.openedMs > this.#clock.now() - IS_IDLE_MS) return Number.POSITIVE_INFINITY;
    const segment = await FileSegment.find(join(this.#folder, topic), topic, name, silentLogger);
    return segment?.lastMs ?? Number.NEGATIVE_INFINITY;
  }

  #writer(topic: string): SegmentWriter {
    const known = this.#writers.get(topic);
    if (known !== undefined) return known;
    const writer = new SegmentWriter(join(this.#folder, topic), this.#size, this.#clock);
    this.#writers.set(topic, writer);
    return writer;
  }

  async #names(topic: string): Promise<readonly SegmentName[]> {
    let files: readonly string[];
    try {
      files = await readdir(join(this.#folder, topic));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
      throw error;
    }
    return files.map((file) => readName(file)).filter((name) => name !== undefined);
  }
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
