/** The longest wait for one server, in ms. */
export const DIAL_TIMEOUT_MS = 5000;
/** The shortest: about the time of a handshake with TLS and login over a long distance. */
const MIN_DIAL_MS = 500;

/** Divides the time for the first connection among the servers, so that a silent server does not use up the time of another. */
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
   * @param server the next one; the same one again when its name has several addresses
   * @param addresses how many addresses its name has
   * @param serversLeft how many servers have not failed yet, this one included
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
