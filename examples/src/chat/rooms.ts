import type { ChatMessage } from "./protocol.ts";

/** Messages that a room shows to those who come later. */
const KEPT_MESSAGES = 200;
/** The room in which nothing was said for longest is forgotten first. */
const KEPT_ROOMS = 1000;

type Listener = (message: ChatMessage) => void;

/** The last messages of every room, and who listens to it on this server. */
export class Rooms {
  readonly #messages = new Map<string, Map<string, ChatMessage>>();
  readonly #listeners = new Map<string, Set<Listener>>();

  /** The topic is at-least-once: a message may come a second time, and shows once. */
  add(room: string, message: ChatMessage): void {
    const messages = this.#messages.get(room) ?? new Map<string, ChatMessage>();
    if (messages.has(message.id)) return;
    messages.set(message.id, message);
    this.#messages.delete(room);
    this.#messages.set(room, messages);
    dropOldest(messages, KEPT_MESSAGES);
    dropOldest(this.#messages, KEPT_ROOMS);
    for (const listener of this.#listeners.get(room) ?? []) listener(message);
  }

  history(room: string): readonly ChatMessage[] {
    return [...(this.#messages.get(room)?.values() ?? [])];
  }

  /** Returns how to stop listening. */
  listen(room: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(room) ?? new Set();
    this.#listeners.set(room, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(room);
    };
  }
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
