import { boundedTimeMs } from "../contract/received.ts";
import type { DriverDeadLetters, LetterVisit, StoredMessage, TakenLetter } from "../driver.ts";
import { LetterMarks } from "./letter-marks.ts";

/** Letters that a scan has taken are invisible to others until it ends; at most this many … */
const MAX_TAKEN = 10_000;
/** … and at most this many bytes of their bodies. */
const MAX_TAKEN_BYTES = 64 * 1024 * 1024;
/** Letters taken at a time. */
const BATCH = 1000;
/** After the first empty answer the driver is asked once more, and may wait for so long. */
const PATIENCE_MS = 1000;

/** Shows each letter to `visit` once, with the driver's `scan`. Without it, takes letters, and puts them back when it ends. */
export async function scanLetters(letters: DriverDeadLetters, limit: number, visit: LetterVisit): Promise<void> {
  if (letters.scan !== undefined) {
    await letters.scan(limit, visit);
    return;
  }
  const taken: TakenLetter[] = [];
  try {
    await takeEach(letters, limit, visit, taken);
  } finally {
    await Promise.allSettled(taken.map((letter) => letter.putBack()));
  }
}

/** Returns up to `limit` letters. Where they have to be taken for that, sorted by their time. */
export async function peekLetters(letters: DriverDeadLetters, limit: number): Promise<readonly StoredMessage[]> {
  const seen: StoredMessage[] = [];
  await scanLetters(letters, limit, (letter) => seen.push(letter) < limit);
  if (letters.scan !== undefined) return seen;
  return seen.sort((one, other) => boundedTimeMs(one.publishTimeMs) - boundedTimeMs(other.publishTimeMs));
}

async function takeEach(
  letters: DriverDeadLetters,
  limit: number,
  visit: LetterVisit,
  taken: TakenLetter[],
): Promise<void> {
  // A letter whose lease ends before the scan does is taken again.
  const marks = new LetterMarks();
  let bytes = 0;
  for (let empty = 0; empty < 2 && marks.size < limit && taken.length < MAX_TAKEN && bytes < MAX_TAKEN_BYTES;) {
    const wanted = Math.min(BATCH, limit - marks.size, MAX_TAKEN - taken.length);
    const more = await letters.take(wanted, empty * PATIENCE_MS);
    empty = more.length === 0 ? empty + 1 : 0;
    taken.push(...more);
    for (const letter of more) {
      bytes += letter.body.byteLength;
      if (marks.add(marks.markOf(letter)) && !visit(letter)) return;
    }
  }
}
