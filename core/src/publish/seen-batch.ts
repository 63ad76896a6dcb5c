import type { Instruments } from "../observe/instruments.ts";
import type { ReadEntry } from "./publish-batch.ts";
import type { PublishResult } from "./publish-options.ts";
import { type PublishPlace, seenPublish } from "./seen-publish.ts";

/** A batch that instrumentations have seen. Exactly one of `failed` and `ended` must be called, once. */
export interface SeenBatch {
  /** With the attributes that they have added. */
  readonly entries: readonly ReadEntry[];
  /** Nothing was sent. */
  failed(error: unknown): void;
  ended(results: readonly PublishResult[]): void;
}

/** Shows a batch, and then its entries, in the call of `publishBatch`. An entry that could not be read is only counted. */
export function seenBatch(
  entries: readonly ReadEntry[],
  { topic, adapter }: PublishPlace,
  instruments: Instruments,
): SeenBatch {
  const batch = Object.freeze({ topic, adapter, messages: entries.length });
  const batchEnded = instruments.publishBatch(batch);
  const seen = entries.map((entry) =>
    entry.message === undefined ? entry : seenPublish(entry.message, batch, batch, instruments),
  );
  return {
    entries: seen,
    failed(error) {
      for (const entry of seen) if (entry.message !== undefined) entry.ended?.({ error });
      batchEnded?.({ failed: seen.length, error });
    },
    ended(results) {
      const failed = results.filter((result) => !result.ok);
      batchEnded?.({ failed: failed.length, error: failed[0]?.error });
    },
  };
}
