/** So many names are kept, each so long at most: others send them. */
const MOST = 20;
const MAX_LENGTH = 60;

/** Names of the services that were seen to do something, the newest first. */
export class SeenServices {
  readonly #names = new Set<string>();

  add(service: string | undefined): void {
    if (service === undefined || service === "") return;
    const name = service.slice(0, MAX_LENGTH);
    if (this.#names.has(name) || this.#names.size >= MOST) return;
    this.#names.add(name);
  }

  get names(): readonly string[] {
    return [...this.#names].sort();
  }
}
