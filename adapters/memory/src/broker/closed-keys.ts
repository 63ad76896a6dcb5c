import { Deque } from "@anytopic/core/driver";
import type { TopicMessage } from "./topic-message.ts";

/**
 * The ordering keys of one subscription that are closed: one message of each is with a worker, delayed or returned, and its
 * later messages wait.
 */
export class ClosedKeys {
  /** The later messages of each key, in publish order; undefined until the first one has to wait. */
  readonly #waiting = new Map<string, Deque<TopicMessage> | undefined>();

  /** Closes the key for `message` and returns true. When the key is closed already, queues `message` and returns false. */
  enter(key: string, message: TopicMessage): boolean {
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      const wasClosed = this.#waiting.has(key);
      if (wasClosed) waiting = new Deque();
      this.#waiting.set(key, waiting);
      if (waiting === undefined) return true;
    }
    waiting.push(message);
    return false;
  }

  /** The message that closed the key has left. Returns the next one, for which the key stays closed, or opens the key. */
  next(key: string): TopicMessage | undefined {
    const next = this.#waiting.get(key)?.shift();
    if (next === undefined) this.#waiting.delete(key);
    return next;
  }

  /** How many messages wait. Those that closed their keys do not count. */
  get size(): number {
    let size = 0;
    for (const waiting of this.#waiting.values()) size += waiting?.length ?? 0;
    return size;
  }

  /** The messages that wait, each key's in publish order. */
  get waiting(): readonly TopicMessage[] {
    return [...this.#waiting.values()].flatMap((waiting) => (waiting === undefined ? [] : [...waiting]));
  }

  /** Opens all keys. Returns the messages that waited. */
  drain(): readonly TopicMessage[] {
    const waited = [...this.#waiting.values()].flatMap((waiting) => waiting?.remove(() => true) ?? []);
    this.#waiting.clear();
    return waited;
  }
}
