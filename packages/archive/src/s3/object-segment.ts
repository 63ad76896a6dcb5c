import type { Logger } from "@anytopic/core";
import type { ArchivedMessage } from "../archive-store.ts";
import type { Segment } from "../merged-segments.ts";
import { messageOf } from "../record.ts";
import type { SegmentName } from "../segment-name.ts";
import type { S3ArchiveClient } from "./s3-client.ts";

/** An object with the messages of one append, for reading. It is read as a whole. */
export class ObjectSegment implements Segment {
  readonly order: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly #client: S3ArchiveClient;
  readonly #place: { readonly Bucket: string; readonly Key: string };
  readonly #topic: string;
  readonly #logger: Logger;

  constructor(
    client: S3ArchiveClient,
    place: { readonly Bucket: string; readonly Key: string },
    topic: string,
    name: SegmentName,
    logger: Logger,
  ) {
    this.#client = client;
    this.#place = place;
    this.#topic = topic;
    this.#logger = logger;
    this.order = name.order;
    this.firstMs = name.range?.firstMs ?? Number.NEGATIVE_INFINITY;
    this.lastMs = name.range?.lastMs ?? Number.POSITIVE_INFINITY;
  }

  async *messages(): AsyncGenerator<ArchivedMessage, void> {
    const { Body } = await this.#client.getObject(this.#place);
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().split("\n");
    const messages: ArchivedMessage[] = [];
    let damaged = 0;
    for (const line of lines) {
      const message = line === "" ? undefined : messageOf(this.#topic, line);
      if (message !== undefined) messages.push(message);
      else if (line !== "") damaged += 1;
    }
    if (damaged > 0) {
      const fields = { topic: this.#topic, key: this.#place.Key, damaged };
      this.#logger.error(fields, `${damaged} lines of an archived object are no messages, and are left out`);
    }
    // The sort is stable: equal times stay in the order of the object.
    yield* messages.sort((a, b) => a.publishTimeMs - b.publishTimeMs);
  }
}
