import { PubSubError } from "../base/errors.ts";
import type { DueTime, ScheduledEntry } from "../contract/due.ts";
import type { AnyTopic } from "../declare/topic.ts";
import type { PendingPublish } from "../publish/pending-publish.ts";
import type { ScheduledMessage, ScheduleStore } from "../schedule/schedule-store.ts";
import type { Dispatcher } from "./dispatcher.ts";

/** The messages of one topic in a store. */
export class StoreSchedule {
  readonly #topic: AnyTopic;
  readonly #store: ScheduleStore;
  readonly #dispatcher: Dispatcher;

  constructor(
    topic: AnyTopic,
    { store, dispatcher }: { readonly store: ScheduleStore; readonly dispatcher: Dispatcher },
  ) {
    this.#topic = topic;
    this.#store = store;
    this.#dispatcher = dispatcher;
  }

  /** Answers each message. */
  add(batch: readonly PendingPublish[]): void {
    void this.#add(batch);
  }

  cancel(id: string): Promise<boolean> {
    return this.#asked(() => this.#store.cancel(this.#topic.name, id));
  }

  list(limit: number): Promise<readonly ScheduledEntry[]> {
    return this.#asked(() => this.#store.list(this.#topic.name, limit));
  }

  async #add(batch: readonly PendingPublish[]): Promise<void> {
    const messages = batch.map((message) => this.#stored(message));
    try {
      await this.#asked(() => this.#store.add(messages));
    } catch (error) {
      for (const message of batch) message.reject(error as PubSubError);
      return;
    }
    this.#dispatcher.know(this.#topic);
    for (const { due } of messages) this.#dispatcher.wakeAt(due);
    for (const message of batch) message.accept();
  }

  #stored({ id, body, attributes, publishTimeMs, due }: PendingPublish): ScheduledMessage {
    const now: DueTime = { atMs: publishTimeMs, delayMs: undefined };
    return { topic: this.#topic.name, id, body, attributes, publishTimeMs, due: due ?? now };
  }

  /** Calls the store. Its own errors do not get out: a database's error may show a message. */
  async #asked<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof PubSubError) throw error;
      const kind = error instanceof Error ? error.name : typeof error;
      throw new PubSubError("UNAVAILABLE", `topic "${this.#topic.name}": the schedule store failed with ${kind}`);
    }
  }
}
