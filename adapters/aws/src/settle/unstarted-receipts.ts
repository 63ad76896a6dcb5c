import type { Message } from "@aws-sdk/client-sqs";

/** Messages that are remembered. Beyond it, the oldest is forgotten. */
const CAPACITY = 100_000;

/**
 * SQS counts every receipt of a message, also those that ended before a handler started. A connection remembers these, so
 * that they do not count as attempts.
 */
export class UnstartedReceipts {
  /** By SQS's message id. */
  readonly #counts = new Map<string, number>();

  /** The attempt of this receipt. */
  attemptOf(message: Message): number {
    return Math.max(1, receiveCountOf(message) - (this.#counts.get(idOf(message)) ?? 0));
  }

  /** This receipt was released unstarted: the next one will be the same attempt. */
  record(message: Message, attempt: number): void {
    const id = idOf(message);
    this.#counts.delete(id);
    this.#counts.set(id, receiveCountOf(message) + 1 - attempt);
    if (this.#counts.size <= CAPACITY) return;
    const [oldest = ""] = this.#counts.keys();
    this.#counts.delete(oldest);
  }

  /** The message was deleted. */
  forget(message: Message): void {
    this.#counts.delete(idOf(message));
  }
}

function idOf({ MessageId = "" }: Message): string {
  return MessageId;
}

function receiveCountOf({ Attributes }: Message): number {
  return Number(Attributes?.ApproximateReceiveCount ?? 1);
}
