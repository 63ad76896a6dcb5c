import type { ArchivedMessage } from "../archive-store.ts";

type Send = (message: ArchivedMessage) => Promise<void>;

/**
 * Messages on their way to the broker: several at once, and of one key one after the other. After the first failure nothing more is
 * sent, so that no later message of a key overtakes an earlier one.
 */
export class PendingSends {
  readonly #send: Send;
  readonly #max: number;
  /** The last message of each key, while it is on its way. */
  readonly #keys = new Map<string, Promise<void>>();
  /** Those that are on their way, in their order, with their publish times. */
  readonly #pending = new Map<Promise<void>, number>();
  #failure: { readonly error: unknown } | undefined;

  constructor(send: Send, max: number) {
    this.#send = send;
    this.#max = max;
  }

  /** The publish time of the first message that is not certainly stored, in Unix ms. `undefined` when none is on its way. */
  get oldestMs(): number | undefined {
    const [first] = this.#pending.values();
    return first;
  }

  /** Resolves when the message is on its way. Rejects after a failure, also of another message. */
  async add(message: ArchivedMessage): Promise<void> {
    while (this.#failure === undefined && this.#pending.size >= this.#max) await Promise.race(this.#pending.keys());
    this.#requireNoFailure();
    const { orderingKey } = message;
    const before = orderingKey === undefined ? undefined : this.#keys.get(orderingKey);
    const sending: Promise<void> = this.#after(before, message).finally(() => {
      // What failed stays, so that the position does not pass it.
      if (this.#failure === undefined) this.#pending.delete(sending);
      if (orderingKey !== undefined && this.#keys.get(orderingKey) === sending) this.#keys.delete(orderingKey);
    });
    this.#pending.set(sending, message.publishTimeMs);
    if (orderingKey !== undefined) this.#keys.set(orderingKey, sending);
  }

  /** Resolves when all are stored. Rejects after a failure, when nothing is on its way any longer. */
  async end(): Promise<void> {
    await Promise.all(this.#pending.keys());
    this.#requireNoFailure();
  }

  /** Never rejects: a failure is kept. */
  async #after(before: Promise<void> | undefined, message: ArchivedMessage): Promise<void> {
    await before;
    if (this.#failure !== undefined) return;
    try {
      await this.#send(message);
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #requireNoFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
