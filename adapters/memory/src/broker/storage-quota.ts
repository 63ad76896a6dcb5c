import type { PubSubError } from "@anytopic/core/driver";
import { exhausted } from "../errors.ts";
import type { MemoryLimits } from "../limits.ts";

/** How many messages and bytes a topic or a dead-letter queue keeps, against what it may. */
export class StorageQuota {
  readonly #what: string;
  readonly #limits: MemoryLimits;
  #messages = 0;
  #bytes = 0;

  /** @param what whose quota it is, for errors */
  constructor(what: string, limits: MemoryLimits) {
    this.#what = what;
    this.#limits = limits;
  }

  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Why one more message of `bytes` cannot be kept; undefined when it can. */
  refusal(bytes: number): PubSubError | undefined {
    const { maxMessages, maxBytes } = this.#limits;
    if (this.#messages >= maxMessages) return exhausted(this.#what, "maxMessages", maxMessages);
    if (this.#bytes + bytes > maxBytes) return exhausted(this.#what, "maxBytes", maxBytes);
    return undefined;
  }

  add(bytes: number): void {
    this.#messages += 1;
    this.#bytes += bytes;
  }

  remove(bytes: number): void {
    this.#messages -= 1;
    this.#bytes -= bytes;
  }
}
