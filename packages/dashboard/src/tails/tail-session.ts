import { randomUUID } from "node:crypto";
import type { AnyTopic, HandlerContext } from "@anytopic/core";
import type { Tail } from "@anytopic/core/tail";
import type { StreamSource } from "../streams/server-sent-events.ts";
import { KeptMessages } from "./kept-messages.ts";
import { type FollowedTail, TailCursor } from "./tail-cursor.ts";

/** How long a tail waits for a visitor: who loads the page again comes back within it. */
const ALONE_MS = 10_000;

/** One tail of one visitor. It ends when nobody looks any more. */
export class TailSession implements FollowedTail {
  readonly id: string = randomUUID();
  readonly topic: AnyTopic;
  readonly kept: KeptMessages = new KeptMessages();
  readonly #attributes: readonly (readonly [string, string])[];
  readonly #onEnd: (session: TailSession) => void;
  readonly #waiting = new Set<() => void>();
  #looking = 0;
  #timer: NodeJS.Timeout | undefined;
  #tail: Tail | undefined;
  #ended: string | undefined;

  /** @param onEnd called once */
  constructor(topic: AnyTopic, attributes: Readonly<Record<string, string>>, onEnd: (session: TailSession) => void) {
    this.topic = topic;
    this.#attributes = Object.entries(attributes);
    this.#onEnd = onEnd;
  }

  /** Why it has ended; `undefined` while it goes on. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** The temporary subscription exists. From now on somebody must look. */
  begin(tail: Tail): void {
    this.#tail = tail;
    this.#waitForSomebody();
  }

  add(message: HandlerContext): void {
    if (!this.#attributes.every(([key, value]) => message.attributes[key] === value)) return;
    this.kept.add(message);
    this.#wake();
  }

  /** @param after the id of a message of the stream */
  look(after: string | undefined): StreamSource {
    this.#looking += 1;
    clearTimeout(this.#timer);
    return new TailCursor(this, after, () => {
      this.#looking -= 1;
      if (this.#looking === 0) this.#waitForSomebody();
    });
  }

  atNext(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }

  /** Says why to those who look, and removes the temporary subscription. Rejects when it is still there. */
  async end(why: string): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    clearTimeout(this.#timer);
    this.#onEnd(this);
    this.#wake();
    await this.#tail?.close();
  }

  #waitForSomebody(): void {
    if (this.#ended !== undefined) return;
    this.#timer = setTimeout(() => void this.end("nobody looked any more").catch(() => {}), ALONE_MS);
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
