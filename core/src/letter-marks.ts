import { hash, randomUUID } from "node:crypto";

import type { TakenLetter } from "./driver.ts";

const FIRST_CAPACITY = 1024;

/**
 * Remembers which letters were seen: 16 to 32 bytes for each, however long their ids are. A mark is 64 bits of a keyed
 * hash. The key is random, so nobody can make ids that collide; by accident, one letter in 10^13 of a million is taken
 * for seen, and then stays in its queue.
 */
export class LetterMarks {
  readonly #key = randomUUID();
  #marks = new BigUint64Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Not by the id alone: a message that was published twice may have died twice. */
  markOf({ mark: own, id, publishTimeMs }: Pick<TakenLetter, "mark" | "id" | "publishTimeMs">): bigint {
    const text = own === undefined ? `${publishTimeMs} ${id}` : own;
    const mark = hash("sha256", `${this.#key} ${text}`, "buffer").readBigUInt64LE();
    // 0 is an empty place.
    return mark === 0n ? 1n : mark;
  }

  has(mark: bigint): boolean {
    const last = this.#marks.length - 1;
    for (let place = Number(mark & BigInt(last)); this.#marks[place] !== 0n; place = (place + 1) & last) {
      if (this.#marks[place] === mark) return true;
    }
    return false;
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

/** Open addressing: the first free place from where the mark belongs. There always is one. */
function put(marks: BigUint64Array, mark: bigint): boolean {
  const last = marks.length - 1;
  for (let place = Number(mark & BigInt(last)); ; place = (place + 1) & last) {
    if (marks[place] === mark) return false;
    if (marks[place] !== 0n) continue;
    marks[place] = mark;
    return true;
  }
}
