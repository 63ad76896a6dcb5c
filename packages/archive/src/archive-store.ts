import type { RelayMessage } from "@anytopic/core/relay";

/** A message as it was published: its topic, id, key, all attributes, the undecoded body, and its publish time in Unix ms. */
export type ArchivedMessage = RelayMessage;

/** Which messages of one topic. All conditions that are given must hold. */
export interface ArchiveSelection {
  /** The declared name of the topic. */
  readonly topic: string;
  /** Published at this time or later. @default the first message */
  readonly from?: Date | undefined;
  /** Published before this time. @default the last message */
  readonly to?: Date | undefined;
  /** The ids of messages. @default all */
  readonly ids?: readonly string[] | undefined;
  /** Ordering keys. @default all */
  readonly keys?: readonly string[] | undefined;
  /** Ends the iteration: it rejects with the abort reason. @default none */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where archived messages are. All methods may be called concurrently, also by several processes on one place. A store trusts whoever may
 * write to its place, and nothing else: topics, ids, attributes and bodies are those of strangers.
 */
export interface ArchiveStore {
  /**
   * Resolves when every message is durable. After a failure some of them may be stored. The same message may be appended again: it is
   * read once.
   */
  append(messages: readonly ArchivedMessage[]): Promise<void>;
  /**
   * The messages of one topic in the order of their publish times; with the same publish time, in the order in which one process has
   * appended them. Each message once: a copy with the same id, publish time, key, attributes and body is left out. Messages that
   * are appended meanwhile may be left out. Memory does not grow with the number of messages; see the store for what it does grow with.
   */
  read(selection: ArchiveSelection): AsyncIterable<ArchivedMessage>;
  /** Deletes messages of a topic that were published before a time, and none that were published later. A store may keep some of them until its unit, such as a file, can be deleted as a whole. */
  prune(topic: string, before: Date): Promise<void>;
  /** Waits for the appends that run, and frees what it has open. Idempotent. */
  close(): Promise<void>;
}
