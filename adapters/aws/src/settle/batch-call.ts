import { pause, PubSubError, retryPauseMs } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { isTransient, toPubSubError } from "../errors.ts";

/** Tries of one entry that AWS throttles or fails on its side, with the first one. */
const MAX_TRIES = 4;

/** The answer to every batch call of SNS and SQS: 200, and the result of each entry. */
export interface BatchAnswer {
  readonly Successful?: readonly { readonly Id?: string | undefined }[] | undefined;
  readonly Failed?: readonly { readonly Id?: string | undefined; readonly Code?: string | undefined }[] | undefined;
}

export interface BatchCall<Entry> {
  /** One request; entry ids are their indexes. */
  call(entries: readonly Entry[]): Promise<BatchAnswer>;
  /** Whether to send an entry again that AWS throttled or failed on its side. */
  wanted(entry: Entry): boolean;
  /** Called once for each entry. */
  settled(entry: Entry, error: PubSubError | undefined): void;
  /** The error of an entry with this code. */
  entryError(code: string | undefined): PubSubError;
  /** What the call does, for its errors. */
  readonly doing: string;
  readonly connection: Connection;
}

/** Makes a batch call. Only the entries that AWS throttles or fails on its side are sent again, a few times. Never rejects. */
export async function callBatch<Entry>(entries: readonly Entry[], batch: BatchCall<Entry>): Promise<void> {
  const { clock, random } = batch.connection.context;
  let pending = entries;
  for (let tries = 1; ; tries++) {
    const again: { readonly entry: Entry; readonly Code: string | undefined }[] = [];
    try {
      const answer = await batch.call(pending);
      const unanswered = new Set(pending);
      for (const { Id } of answer.Successful ?? []) {
        const entry = pending[Number(Id)];
        if (entry !== undefined && unanswered.delete(entry)) batch.settled(entry, undefined);
      }
      for (const { Id, Code } of answer.Failed ?? []) {
        const entry = pending[Number(Id)];
        if (entry === undefined || !unanswered.delete(entry)) continue;
        if (tries < MAX_TRIES && isTransient(Code)) again.push({ entry, Code });
        else batch.settled(entry, batch.entryError(Code));
      }
      for (const entry of unanswered) batch.settled(entry, unmentioned(batch.doing));
    } catch (error) {
      const mapped = toPubSubError(error, batch.doing);
      batch.connection.failed(mapped);
      for (const entry of pending) batch.settled(entry, mapped);
      return;
    }
    if (again.length === 0) return;
    await pause(clock, retryPauseMs(tries, random));
    pending = again.filter(({ entry }) => batch.wanted(entry)).map(({ entry }) => entry);
    for (const { entry, Code } of again) if (!pending.includes(entry)) batch.settled(entry, batch.entryError(Code));
    if (pending.length === 0) return;
  }
}

function unmentioned(doing: string): PubSubError {
  return new PubSubError("TIMEOUT", `cannot ${doing}: AWS's answer does not mention this entry; it may have happened`);
}
