import { NumberWindow } from "@anytopic/core/driver";
import type { Msg } from "@nats-io/nats-core";

/** More requests than one worker ever has open. */
const REMEMBERED_REQUESTS = 256;

/** Counts the messages that a worker has requested and not yet received. The server spreads messages over the requests as it likes, so only the sum is known. */
export class OpenRequests {
  /** Sizes of the latest requests. */
  readonly #sizes = new NumberWindow<number>();
  #messages = 0;

  get messages(): number {
    return this.#messages;
  }

  /** Whether this worker has ever requested messages. */
  get any(): boolean {
    return this.#sizes.next > 1;
  }

  /** Returns the number of the new request. */
  add(messages: number): number {
    this.#messages += messages;
    const number = this.#sizes.push(messages);
    if (number - this.#sizes.first >= REMEMBERED_REQUESTS) this.#sizes.shift();
    return number;
  }

  received(): void {
    if (this.#messages > 0) this.#messages--;
  }

  /** The server has ended a request with this status. */
  ended(number: number, status: Msg): void {
    const pending = status.headers?.get("Nats-Pending-Messages") ?? "";
    // Without this header the whole request was refused.
    const left = pending === "" ? (this.#sizes.get(number) ?? 0) : Number(pending);
    this.#messages = Math.max(0, this.#messages - left);
  }

  /** No request is open. */
  clear(): void {
    this.#messages = 0;
  }
}
