/** Messages remembered at most; the oldest is forgotten first. */
const CAPACITY = 100_000;

/**
 * SQS counts every receipt of a message, also those that ended before a handler started. A connection remembers its
 * own, so that attempts are told as they were.
 */
export class UnstartedReceipts {
  readonly #counts = new Map<string, number>();

  /** The attempt that a receipt with this count stands for. */
  attemptOf(messageId: string, receiveCount: number): number {
    return Math.max(1, receiveCount - (this.#counts.get(messageId) ?? 0));
  }

  /** The receipt with this count went back unstarted: the next one will be the same attempt. */
  record(messageId: string, receiveCount: number, attempt: number): void {
    this.#counts.delete(messageId);
    this.#counts.set(messageId, receiveCount + 1 - attempt);
    if (this.#counts.size <= CAPACITY) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      return;
    }
  }

  /** The message is gone. */
  forget(messageId: string): void {
    this.#counts.delete(messageId);
  }
}
