import type { PubSubError, TimerHandle } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";

/** Pause between two questions whether there is a leader again. */
const ASK_MS = 1000;

/**
 * Remembers that a stream has no leader: it stores nothing then, although the connection is up. A publish finds that out. After that
 * the stream is asked until it has one, so that `health()` becomes right again when nobody publishes any more.
 */
export class LeaderWatch {
  readonly #connection: Connection;
  readonly #stream: string;
  readonly #ask: () => Promise<PubSubError | undefined>;
  #state: "present" | "missing" | "closed" = "present";
  #timer: TimerHandle = undefined;

  /** `ask` resolves with the reason why the stream stores nothing, or with `undefined` when it would. */
  constructor(connection: Connection, stream: string, ask: () => Promise<PubSubError | undefined>) {
    this.#connection = connection;
    this.#stream = stream;
    this.#ask = ask;
  }

  get isMissing(): boolean {
    return this.#state === "missing";
  }

  missing(error: PubSubError): void {
    if (this.#state === "closed") return;
    this.#connection.setRefusal(this.#stream, error);
    if (this.#state === "missing") return;
    this.#state = "missing";
    this.#askLater();
  }

  found(): void {
    if (this.#state === "missing") this.#end("present");
  }

  close(): void {
    this.#end("closed");
  }

  #end(state: "present" | "closed"): void {
    this.#state = state;
    this.#connection.context.clock.clearTimer(this.#timer);
    this.#connection.setRefusal(this.#stream, undefined);
  }

  #askLater(): void {
    this.#timer = this.#connection.context.clock.setTimer(() => void this.#askNow(), ASK_MS);
  }

  async #askNow(): Promise<void> {
    // Without a connection the answer says nothing about the stream.
    const isAsked = this.#connection.connected;
    const error = isAsked ? await this.#ask() : undefined;
    if (!this.isMissing) return;
    // It may also have been deleted meanwhile: that is told to who publishes.
    if (isAsked && error?.retryable !== true) this.found();
    else this.#askLater();
  }
}
