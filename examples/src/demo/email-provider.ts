/** An e-mail provider that can be down for a while. It always refuses an invalid address. */
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

/** A retry will not help. */
export class InvalidAddressError extends Error {
  override readonly name = "InvalidAddressError";
}
