import type { ArchivedMessage } from "./archive-store.ts";
import { recordLine } from "./record.ts";
import type { Selects } from "./selects.ts";

/** A file or an object with some messages of one topic. */
export interface Segment {
  /** When its first and last message were published, in Unix ms. */
  readonly firstMs: number;
  readonly lastMs: number;
  /** Text by which the segments of one process sort in the order in which they were begun. */
  readonly order: string;
  /** Its messages in the order of their publish times; with the same time, in the order in which they were appended. */
  messages(): AsyncGenerator<ArchivedMessage, void>;
}

/** A segment that is being read, and its next message. */
interface Head {
  readonly segment: Segment;
  readonly rest: AsyncGenerator<ArchivedMessage, void>;
  message: ArchivedMessage;
}

/**
 * The messages of all segments in one order, each once. A segment is opened when its turn has come, and forgotten at its end: memory
 * grows with the number of segments whose times overlap, and with the messages of one millisecond.
 */
export async function* mergedSegments(
  segments: readonly Segment[],
  { fromMs, toMs, takes }: Selects,
  signal: AbortSignal | undefined,
): AsyncGenerator<ArchivedMessage, void> {
  const waiting = segments
    .filter(({ firstMs, lastMs }) => lastMs >= fromMs && firstMs < toMs)
    .toSorted((a, b) => a.firstMs - b.firstMs);
  const heads: Head[] = [];
  let next = 0;
  // A copy has the publish time of its original.
  const seen = new Set<string>();
  let seenMs = Number.NaN;
  try {
    for (;;) {
      signal?.throwIfAborted();
      while (
        next < waiting.length &&
        (waiting[next] as Segment).firstMs <= (first(heads)?.message.publishTimeMs ?? Infinity)
      ) {
        const segment = waiting[next] as Segment;
        next += 1;
        const rest = segment.messages();
        const { value } = await rest.next();
        if (value !== undefined) heads.push({ segment, rest, message: value });
      }
      const head = first(heads);
      if (head === undefined) return;
      const { message } = head;
      if (message.publishTimeMs >= toMs) return;
      await advance(heads, head);
      if (!takes(message)) continue;
      if (message.publishTimeMs !== seenMs) seen.clear();
      seenMs = message.publishTimeMs;
      const line = recordLine(message);
      if (seen.has(line)) continue;
      seen.add(line);
      yield message;
    }
  } finally {
    await Promise.all(heads.map(async ({ rest }) => await rest.return()));
  }
}

/** The head whose message comes first. There are few. */
function first(heads: readonly Head[]): Head | undefined {
  let found = heads[0];
  for (const head of heads) if (found === undefined || isBefore(head, found)) found = head;
  return found;
}

function isBefore(a: Head, b: Head): boolean {
  const times = a.message.publishTimeMs - b.message.publishTimeMs;
  return times < 0 || (times === 0 && a.segment.order < b.segment.order);
}

async function advance(heads: Head[], head: Head): Promise<void> {
  const { value } = await head.rest.next();
  if (value === undefined) heads.splice(heads.indexOf(head), 1);
  else head.message = value;
}
