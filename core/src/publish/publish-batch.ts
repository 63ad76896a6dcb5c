import { kindOf } from "../base/shown.ts";
import type { EventPublisher } from "./mirror-publisher.ts";
import type { PendingPublish } from "./pending-publish.ts";
import type { PublishEntry, PublishResult } from "./publish-options.ts";
import { readPublish, type PublishReader } from "./read-publish.ts";
import { endSeen, type SeenPublish } from "./seen-publish.ts";
import type { Topic } from "../declare/topic.ts";

/** An entry as it was when `publishBatch` was called. */
export type ReadEntry =
  | { readonly message: PendingPublish; readonly ended?: SeenPublish["ended"] }
  | { readonly message: undefined; readonly error: unknown };

/** Reads all entries, before the first `await`. */
export function readBatch<Input>(
  topic: Topic<Input, unknown>,
  entries: readonly PublishEntry<Input>[],
  signal: AbortSignal | undefined,
  reader: PublishReader,
): readonly ReadEntry[] {
  if (!Array.isArray(entries)) throw new TypeError(`publishBatch: entries are ${kindOf(entries)}: must be an array`);
  return entries.map((entry: PublishEntry<Input>): ReadEntry => {
    try {
      const { event, attributes, id, expiresAt, deliverAt, delayMs } = entry;
      return { message: readPublish(topic, event, { attributes, id, expiresAt, deliverAt, delayMs, signal }, reader) };
    } catch (error) {
      return { message: undefined, error };
    }
  });
}

/** Resolves with one result per entry, in order. Never rejects. */
export function sendBatch(
  publisher: EventPublisher,
  entries: readonly ReadEntry[],
  sendLater: EventPublisher["send"],
): Promise<readonly PublishResult[]> {
  return Promise.all(entries.map((entry) => resultOf(publisher, entry, sendLater)));
}

async function resultOf(
  publisher: EventPublisher,
  entry: ReadEntry,
  sendLater: EventPublisher["send"],
): Promise<PublishResult> {
  if (entry.message === undefined) return { ok: false, error: entry.error };
  try {
    const { message, ended } = entry;
    const sent = message.due === undefined ? publisher.send(message) : sendLater(message);
    return { ok: true, id: await endSeen(sent, ended) };
  } catch (error) {
    return { ok: false, error };
  }
}
