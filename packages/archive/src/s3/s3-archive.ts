import { type Clock, type Logger, PubSubError, silentLogger, systemClock } from "@anytopic/core";
import type { ArchivedMessage, ArchiveSelection, ArchiveStore } from "../archive-store.ts";
import { requireTopicName } from "../archived-topic.ts";
import { mergedSegments } from "../merged-segments.ts";
import { requireKnown } from "../option-checks.ts";
import { recordLine } from "../record.ts";
import { closedName, newOrder, readName, type SegmentName } from "../segment-name.ts";
import { requireTime, selects } from "../selects.ts";
import { ObjectSegment } from "./object-segment.ts";
import type { S3ArchiveClient } from "./s3-client.ts";

/** Where an archive in S3 is. */
export interface S3ArchiveOptions {
  /** The name of the bucket. */
  readonly bucket: string;
  /** What all keys begin with: `archive/`. @default nothing */
  readonly prefix?: string | undefined;
  /** Hears of lines that cannot be read. @default nobody */
  readonly logger?: Logger | undefined;
  /** For tests. @default the system's */
  readonly clock?: Clock | undefined;
}

const HOUR_MS = 3_600_000;
/** Objects of one request (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html, read 2026-11-26). */
const MAX_DELETES = 1000;

/**
 * An archive in a bucket of S3, or of a service that speaks its protocol: for each append one object for each hour of publish times, with one
 * JSON object a line, under `<prefix><topic>/<yyyy>/<mm>/<dd>/<hh>/`. An append is durable when the service has answered. Several processes
 * may use it. Methods reject with the client's own errors. Each append costs a request: give `startArchive` a long `maxWaitMs`.
 *
 * Reading loads one object after the other, and those whose times overlap at once; it remembers the names of one hour.
 *
 * @param client the class `S3` of `@aws-sdk/client-s3`; it stays the caller's, and `close` leaves it open
 * @throws TypeError when an argument is wrong
 */
export function s3Archive(client: S3ArchiveClient, options: S3ArchiveOptions): ArchiveStore {
  if (typeof client?.putObject !== "function") {
    throw new TypeError("client must have the method putObject: give the class S3 of @aws-sdk/client-s3, not S3Client");
  }
  requireKnown("s3Archive", options, ["bucket", "prefix", "logger", "clock"]);
  const { bucket, prefix = "" } = options;
  if (typeof bucket !== "string" || bucket === "") throw new TypeError("bucket: must be the name of a bucket");
  if (typeof prefix !== "string") throw new TypeError("prefix: must be a text");
  return new S3Archive(client, bucket, prefix, options);
}

interface FoundObject {
  readonly key: string;
  readonly name: SegmentName;
}

class S3Archive implements ArchiveStore {
  readonly #client: S3ArchiveClient;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #appends = new Set<Promise<unknown>>();
  #lastMs = 0;
  #isClosed = false;

  constructor(client: S3ArchiveClient, bucket: string, prefix: string, options: S3ArchiveOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#clock = options.clock ?? systemClock;
    this.#logger = options.logger ?? silentLogger;
  }

  async append(messages: readonly ArchivedMessage[]): Promise<void> {
    if (this.#isClosed) throw new PubSubError("CLOSED", "the archive is closed");
    const objects = new Map<string, ArchivedMessage[]>();
    for (const message of messages) {
      const folder = this.#folder(requireTopicName(message.topic), message.publishTimeMs);
      const some = objects.get(folder);
      if (some === undefined) objects.set(folder, [message]);
      else some.push(message);
    }
    // Two appends of one process sort in their order.
    this.#lastMs = Math.max(this.#clock.now(), this.#lastMs + 1);
    const order = newOrder(this.#lastMs);
    const putting = Promise.all([...objects].map(async ([folder, some]) => await this.#put(folder, order, some)));
    this.#appends.add(putting);
    try {
      await putting;
    } finally {
      this.#appends.delete(putting);
    }
  }

  async *read(selection: ArchiveSelection): AsyncGenerator<ArchivedMessage, void> {
    const selected = selects(selection);
    const { topic, fromMs, toMs } = selected;
    const { signal } = selection;
    signal?.throwIfAborted();
    // A message and its copies are in one hour.
    let hour = "";
    let segments: ObjectSegment[] = [];
    for await (const { key, name } of this.#objects(topic, fromMs, toMs)) {
      const itsHour = key.slice(0, key.lastIndexOf("/"));
      if (itsHour !== hour) {
        yield* mergedSegments(segments, selected, signal);
        segments = [];
        hour = itsHour;
      }
      const place = { Bucket: this.#bucket, Key: key };
      segments.push(new ObjectSegment(this.#client, place, topic, name, this.#logger));
    }
    yield* mergedSegments(segments, selected, signal);
  }

  /** Deletes objects whose last message was published before that time. */
  async prune(topic: string, before: Date): Promise<void> {
    const beforeMs = requireTime("before", before);
    let keys: string[] = [];
    for await (const { key, name } of this.#objects(requireTopicName(topic), Number.NEGATIVE_INFINITY, beforeMs)) {
      if ((name.range?.lastMs ?? Number.POSITIVE_INFINITY) < beforeMs) keys.push(key);
      if (keys.length < MAX_DELETES) continue;
      await this.#delete(keys);
      keys = [];
    }
    if (keys.length > 0) await this.#delete(keys);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#appends);
  }

  async #put(folder: string, order: string, messages: readonly ArchivedMessage[]): Promise<void> {
    const times = messages.map(({ publishTimeMs }) => publishTimeMs);
    const firstMs = times.reduce((least, time) => Math.min(least, time));
    const lastMs = times.reduce((most, time) => Math.max(most, time));
    await this.#client.putObject({
      Bucket: this.#bucket,
      Key: `${folder}${closedName(order, firstMs, lastMs)}`,
      Body: Buffer.from(messages.map(recordLine).join("")),
      ContentType: "application/x-ndjson",
    });
  }

  /** The objects of a topic whose hours have a part of a range, in the order of the hours. */
  async *#objects(topic: string, fromMs: number, toMs: number): AsyncGenerator<FoundObject, void> {
    const Prefix = `${this.#prefix}${topic}/`;
    const StartAfter = fromMs > 0 ? this.#folder(topic, fromMs) : Prefix;
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#client.listObjectsV2({ Bucket: this.#bucket, Prefix, StartAfter, ContinuationToken });
      for (const { Key: key = "" } of page.Contents ?? []) {
        const name = readName(key.slice(key.lastIndexOf("/") + 1));
        if (name?.range === undefined) continue;
        // Keys are listed in their order, so all that follow are of later hours.
        if (Math.floor(name.range.firstMs / HOUR_MS) * HOUR_MS >= toMs) return;
        yield { key, name };
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async #delete(keys: readonly string[]): Promise<void> {
    const Objects = keys.map((Key) => ({ Key }));
    const { Errors = [] } = await this.#client.deleteObjects({
      Bucket: this.#bucket,
      Delete: { Objects, Quiet: true },
    });
    if (Errors.length === 0) return;
    const code = Errors[0]?.Code ?? "no code";
    throw new PubSubError("UNKNOWN", `${Errors.length} archived objects could not be deleted: ${code}`);
  }

  /** `<prefix><topic>/2026/11/26/12/` */
  #folder(topic: string, timeMs: number): string {
    const hour = new Date(timeMs).toISOString().slice(0, 13).replaceAll(/[-T]/g, "/");
    return `${this.#prefix}${topic}/${hour}/`;
  }
}
