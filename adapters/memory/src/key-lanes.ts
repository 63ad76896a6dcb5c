import { Deque } from "./deque.ts";
import type { TopicMessage } from "./topic-message.ts";

/** One ordering key of one subscription, from the moment one of its messages is taken up until none is left. */
export interface KeyLane {
  readonly key: string;
  /** Its later messages, in publish order. Made when the first one has to wait. */
  waiting: Deque<TopicMessage> | undefined;
}

/**
 * The ordering keys that are closed: one message of each is out, delayed, or next in line, and the rest wait behind it.
 */
export class KeyLanes {
  readonly #lanes = new Map<string, KeyLane>();

  /** How many keys are closed. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Closes the key for `message` and returns its lane; or, when it is closed already, queues `message` and returns undefined. */
  enter(key: string, message: TopicMessage): KeyLane | undefined {
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const opened: KeyLane = { key, waiting: undefined };
      this.#lanes.set(key, opened);
      return opened;
    }
    lane.waiting ??= new Deque();
    lane.waiting.push(message);
    return undefined;
  }

  /** The message at the head of the lane is done with: returns the next, for which the key stays closed, or opens the key. */
  next(lane: KeyLane): TopicMessage | undefined {
    const next = lane.waiting?.shift();
    if (next === undefined) this.#lanes.delete(lane.key);
    return next;
  }

  /** Everything that waits. */
  *waiting(): Generator<TopicMessage> {
    for (const lane of this.#lanes.values()) {
      for (let message = lane.waiting?.shift(); message !== undefined; message = lane.waiting?.shift()) yield message;
    }
  }
}
