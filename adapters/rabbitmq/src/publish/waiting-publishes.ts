import { MAX_WAITING_BYTES, MAX_WAITING_PUBLISHES } from "../limits.ts";

/** Publishes that wait until they can be written, up to a bound. */
export class WaitingPublishes<Publish extends { readonly body: Uint8Array }> {
  #waiting: Publish[] = [];
  #bytes = 0;

  get count(): number {
    return this.#waiting.length;
  }

  /** Returns why it cannot wait; undefined if it does. */
  add(publish: Publish): string | undefined {
    const bytes = publish.body.byteLength;
    if (this.count >= MAX_WAITING_PUBLISHES || this.#bytes + bytes > MAX_WAITING_BYTES)
      return `${this.count} messages of ${this.#bytes} bytes wait for the broker to take more`;
    this.#waiting.push(publish);
    this.#bytes += bytes;
    return undefined;
  }

  takeAll(): readonly Publish[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return taken;
  }
}
