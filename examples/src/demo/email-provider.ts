/** A provider of e-mail that can be down for a while. It refuses what is no address, for ever. */
export class EmailProvider {
  readonly sent: string[] = [];
  #upAtMs = 0;

  goDown(forMs: number): void {
    this.#upAtMs = Date.now() + forMs;
  }

  send(address: string): void {
    if (!address.includes("@")) throw new InvalidAddressError(`${address} is not an e-mail address`);
    if (Date.now() < this.#upAtMs) throw new Error("503 service unavailable");
    this.sent.push(address);
  }
}

/** Trying again will not help. */
export class InvalidAddressError extends Error {
  override readonly name = "InvalidAddressError";
}
