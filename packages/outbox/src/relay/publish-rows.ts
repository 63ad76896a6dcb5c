import type { AnyTopic, Clock, PubSub } from "@anytopic/core";
import { publishEncoded } from "@anytopic/core/relay";
import type { OutboxRow } from "./outbox-row.ts";
import { type Verdict, verdictOf } from "./verdict.ts";

/** What became of one message. Without a verdict it was published. */
export interface RowResult {
  readonly row: OutboxRow;
  readonly error?: unknown;
  readonly verdict?: Verdict;
}

/** How long publishing may go on. */
export interface Fence {
  readonly clock: Clock;
  /** By the monotonic clock. Nothing is sent after it: the database may have given the lane to another relay. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** Publishes messages of one lane, which are in order, and says for each what became of it. Never rejects. */
export async function publishRows(
  pubsub: PubSub,
  topics: ReadonlyMap<string, AnyTopic>,
  rows: readonly OutboxRow[],
  fence: Fence,
): Promise<readonly RowResult[]> {
  const byTopic = new Map<string, OutboxRow[]>();
  for (const row of rows) {
    const ofTopic = byTopic.get(row.topic);
    if (ofTopic === undefined) byTopic.set(row.topic, [row]);
    else ofTopic.push(row);
  }
  const results = await Promise.all(
    [...byTopic].map(([name, ofTopic]) => publishTopic(pubsub, topics.get(name) as AnyTopic, ofTopic, fence)),
  );
  return results.flat();
}

/**
 * In waves: of each key one message at a time, and what has no key in the first wave. Core keeps the order of a key by itself, but
 * it cannot know that this process stood still and another relay took over. So the fence is looked at before each message of a key.
 */
async function publishTopic(
  pubsub: PubSub,
  topic: AnyTopic,
  rows: readonly OutboxRow[],
  fence: Fence,
): Promise<readonly RowResult[]> {
  const results: RowResult[] = [];
  const stopped = new Set<string>();
  for (const wave of wavesOf(rows)) {
    const isLate = fence.signal.aborted || fence.clock.monotonicNow() >= fence.endMs;
    const sent: OutboxRow[] = [];
    for (const row of wave) {
      if (isLate || stopped.has(row.holdKey)) results.push({ row, verdict: "follows" });
      else sent.push(row);
    }
    if (sent.length === 0) continue;
    for (const result of await publishWave(pubsub, topic, sent, fence.signal)) {
      results.push(result);
      if (result.verdict !== undefined) stopped.add(result.row.holdKey);
    }
  }
  return results;
}

async function publishWave(
  pubsub: PubSub,
  topic: AnyTopic,
  rows: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<readonly RowResult[]> {
  const failed = (row: OutboxRow, error: unknown): RowResult => ({ row, error, verdict: verdictOf(error, signal) });
  try {
    const messages = rows.map(({ message }) => message);
    const published = await publishEncoded(pubsub, topic, messages, { signal });
    return rows.map((row, index) => {
      const result = published[index];
      return result?.ok === false ? failed(row, result.error) : { row };
    });
  } catch (error) {
    return rows.map((row) => failed(row, error));
  }
}

function wavesOf(rows: readonly OutboxRow[]): readonly (readonly OutboxRow[])[] {
  const waves: OutboxRow[][] = [];
  const next = new Map<string, number>();
  for (const row of rows) {
    const key = row.message.orderingKey;
    const wave = key === undefined ? 0 : (next.get(key) ?? 0);
    if (key !== undefined) next.set(key, wave + 1);
    (waves[wave] ??= []).push(row);
  }
  return waves;
}
