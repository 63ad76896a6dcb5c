import { Deque } from "@anytopic/core/driver";
import type { TopicMessage } from "./topic-message.ts";

/** All messages of a topic with `replay`, in the order in which they were stored, until they are older than its retention. */
export class KeptLog {
  readonly #messages = new Deque<TopicMessage>();
  readonly #forget: (message: TopicMessage) => void;

  /** @param forget called with each message that the log no longer keeps */
  constructor(forget: (message: TopicMessage) => void) {
    this.#forget = forget;
  }

  add(message: TopicMessage): void {
    message.holders += 1;
    this.#messages.push(message);
  }

  /** The oldest message leaves. False when there is none. */
  dropOldest(): boolean {
    const oldest = this.#messages.shift();
    if (oldest !== undefined) this.#forget(oldest);
    return oldest !== undefined;
  }

  /** Messages that were stored before `sinceMs`, in the broker's time, leave. */
  expire(sinceMs: number): void {
    for (
      let head = this.#messages.peek();
      head !== undefined && head.acceptedMs <= sinceMs;
      head = this.#messages.peek()
    )
      this.dropOldest();
  }

  get messages(): readonly TopicMessage[] {
    return [...this.#messages];
  }

  clear(): void {
    while (this.dropOldest());
  }
}
