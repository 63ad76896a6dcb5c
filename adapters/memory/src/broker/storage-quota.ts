import type { PubSubError } from "@anytopic/core/driver";
import { exhausted } from "../errors.ts";
import type { MemoryLimits } from "../limits.ts";

/** How many messages and bytes a topic or a dead-letter queue keeps, and how many it may keep. */
export class StorageQuota {
  messages = 0;
  bytes = 0;
  readonly #owner: string;
  readonly #limits: MemoryLimits;

  /** @param owner whose quota it is, for errors */
  constructor(owner: string, limits: MemoryLimits) {
    this.#owner = owner;
    this.#limits = limits;
  }

  /** Why one more message of `bytes` cannot be kept; undefined when it can. */
  refusal(bytes: number): PubSubError | undefined {
    const { maxMessages, maxBytes } = this.#limits;
    if (this.messages >= maxMessages) return exhausted(this.#owner, "maxMessages", maxMessages);
    if (this.bytes + bytes > maxBytes) return exhausted(this.#owner, "maxBytes", maxBytes);
    return undefined;
  }

  add(bytes: number): void {
    this.messages += 1;
    this.bytes += bytes;
  }

  remove(bytes: number): void {
    this.messages -= 1;
    this.bytes -= bytes;
  }
}
