/** The longest wait for one server, in ms. */
export const DIAL_TIMEOUT_MS = 5000;
/** The shortest: a handshake with TLS and login over a long line takes about as long. */
const MIN_DIAL_MS = 500;

/** Divides what is left of the time for the first connection among the servers that are left: one that is silent must not use up another's. */
export class DialBudget {
  readonly #endMs: number;
  readonly #now: () => number;
  #server: object | undefined;
  #addressesLeft = 0;

  /** @param now monotonic, in ms */
  constructor(timeoutMs: number, now: () => number) {
    this.#now = now;
    this.#endMs = now() + timeoutMs;
  }

  /**
   * How long the next dial may take, in ms.
   *
   * @param server whose turn it is; the same one again when its name has several addresses
   * @param addresses how many its name has
   * @param serversLeft how many have not failed yet, this one included
   */
  next(server: object, addresses: number, serversLeft: number): number {
    if (server !== this.#server) this.#addressesLeft = addresses;
    this.#server = server;
    const dialsLeft = Math.max(1, serversLeft - 1 + this.#addressesLeft);
    this.#addressesLeft -= 1;
    const shareMs = (this.#endMs - this.#now()) / dialsLeft;
    return Math.round(Math.min(DIAL_TIMEOUT_MS, Math.max(MIN_DIAL_MS, shareMs)));
  }
}
