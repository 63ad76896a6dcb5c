import { createHash, randomBytes } from "node:crypto";

/** How long a browser stays signed in without asking for anything, in ms. */
const IDLE_MS = 12 * 3_600_000;
/** The one that was used the longest time ago goes when there are more. */
const MAX_SESSIONS = 1000;

/** Who is signed in. In memory: a new process knows nobody. */
export class Sessions {
  /** By the hash of its secret, so that looking it up takes as long for a wrong one as for one that is nearly right. */
  readonly #lastUsedMs = new Map<string, number>();

  /** Returns the secret for the cookie. */
  open(): string {
    const secret = randomBytes(32).toString("base64url");
    this.#use(hashOf(secret));
    const [oldest] = this.#lastUsedMs.keys();
    if (this.#lastUsedMs.size > MAX_SESSIONS && oldest !== undefined) this.#lastUsedMs.delete(oldest);
    return secret;
  }

  has(secret: string): boolean {
    const key = hashOf(secret);
    const usedMs = this.#lastUsedMs.get(key);
    if (usedMs === undefined) return false;
    const isOpen = performance.now() - usedMs < IDLE_MS;
    if (isOpen) this.#use(key);
    else this.#lastUsedMs.delete(key);
    return isOpen;
  }

  /** The last one used is the last one in the map. */
  #use(key: string): void {
    this.#lastUsedMs.delete(key);
    this.#lastUsedMs.set(key, performance.now());
  }
}

export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}
