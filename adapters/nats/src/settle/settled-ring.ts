import type { AckSubject } from "../wire/ack-subject.ts";

/** How a delivery of this worker ended. */
export interface Settled {
  readonly attempt: number;
  readonly acked: boolean;
}

/** More than one worker settles between two writes of the server's consumer state, which are 100 ms apart under load. */
const SIZE = 4096;
/** At first: a process may have thousands of workers that settle hardly anything, and 4096 take 80 KB each. */
const FIRST_SIZE = 64;

/**
 * The latest deliveries that this worker has settled. A server that was killed has forgotten the acks and attempts that
 * it had not written, and a redelivery may cross with the ack of its message. A message is recognised by its place in the
 * stream and the time it was stored, so that a new stream of the same name is not taken for the old one.
 */
export class SettledRing {
  #sequences = new Float64Array(FIRST_SIZE);
  #timesMs = new Float64Array(FIRST_SIZE);
  /** Negative when acknowledged. */
  #attempts = new Int32Array(FIRST_SIZE);
  #next = 0;
  #highest = 0;

  add(sequence: number, timeMs: number, attempt: number, acked: boolean): void {
    if (this.#next === this.#sequences.length) {
      if (this.#next < SIZE) this.#grow();
      else this.#next = 0;
    }
    const index = this.#next;
    this.#next = index + 1;
    this.#sequences[index] = sequence;
    this.#timesMs[index] = timeMs;
    this.#attempts[index] = acked ? -attempt : attempt;
    if (sequence > this.#highest) this.#highest = sequence;
  }

  /** How this worker last settled the message; undefined when it has not, or has forgotten it. */
  find({ streamSequence, timestampMs }: AckSubject): Settled | undefined {
    // Nearly every message is newer than all settled ones.
    if (streamSequence > this.#highest) return undefined;
    const newest = this.#sequences.lastIndexOf(streamSequence, this.#next - 1);
    const index = newest === -1 ? this.#sequences.lastIndexOf(streamSequence) : newest;
    if (index === -1 || this.#timesMs[index] !== timestampMs) return undefined;
    const attempt = this.#attempts[index] ?? 0;
    return { attempt: Math.abs(attempt), acked: attempt < 0 };
  }

  #grow(): void {
    const size = 2 * this.#sequences.length;
    const sequences = new Float64Array(size);
    sequences.set(this.#sequences);
    this.#sequences = sequences;
    const timesMs = new Float64Array(size);
    timesMs.set(this.#timesMs);
    this.#timesMs = timesMs;
    const attempts = new Int32Array(size);
    attempts.set(this.#attempts);
    this.#attempts = attempts;
  }
}
