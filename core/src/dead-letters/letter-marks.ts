import { createHash, hash, randomUUID } from "node:crypto";

import type { TakenLetter } from "../driver.ts";
import { boundedId, boundedTimeMs } from "../contract/received.ts";

const FIRST_CAPACITY = 1024;

/**
 * The set of letters that were seen, in 16 to 32 bytes each, whatever the length of their ids. A mark is 64 bits of a hash with a random
 * key, so that nobody can choose ids that collide. By accident, of a million letters one in 10^13 counts as seen, and stays in its
 * queue.
 */
export class LetterMarks {
  readonly #key = randomUUID();
  #marks = new BigUint64Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Not by the id alone: a message that was published twice may be dead-lettered twice. */
  markOf({ mark: own, id, publishTimeMs }: Pick<TakenLetter, "mark" | "id" | "publishTimeMs">): bigint {
    const text = own ?? `${boundedTimeMs(publishTimeMs)} ${boundedId(id)}`;
    return markFrom(hash("sha256", `${this.#key} ${text}`, "buffer"));
  }

  /** By everything that a copy has in common with its original. */
  contentMarkOf({ id, publishTimeMs, orderingKey, attributes, body }: Omit<TakenLetter, "remove" | "putBack">): bigint {
    const named = Object.entries(attributes).toSorted(([one], [other]) => (one < other ? -1 : 1));
    const head = JSON.stringify([boundedId(id), boundedTimeMs(publishTimeMs), orderingKey, named]);
    return markFrom(createHash("sha256").update(`${this.#key} ${head}\n`).update(body).digest());
  }

  has(mark: bigint): boolean {
    return this.#marks[placeOf(this.#marks, mark)] === mark;
  }

  /** Returns whether the mark is new. */
  add(mark: bigint): boolean {
    if (2 * this.#size >= this.#marks.length) this.#grow();
    if (!put(this.#marks, mark)) return false;
    this.#size += 1;
    return true;
  }

  #grow(): void {
    const larger = new BigUint64Array(2 * this.#marks.length);
    for (const mark of this.#marks) if (mark !== 0n) put(larger, mark);
    this.#marks = larger;
  }
}

/** Never 0, which stands for an empty place. */
function markFrom(digest: Buffer): bigint {
  const mark = digest.readBigUInt64LE();
  return mark === 0n ? 1n : mark;
}

function put(marks: BigUint64Array, mark: bigint): boolean {
  const place = placeOf(marks, mark);
  const isNew = marks[place] !== mark;
  marks[place] = mark;
  return isNew;
}

/** Open addressing: the place of the mark, or the first free place after its own. There is always one. */
function placeOf(marks: BigUint64Array, mark: bigint): number {
  const last = marks.length - 1;
  let place = Number(mark & BigInt(last));
  while (marks[place] !== mark && marks[place] !== 0n) place = (place + 1) & last;
  return place;
}
