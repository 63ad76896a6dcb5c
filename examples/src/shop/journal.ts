export type JournalEvent =
  | "placed"
  | "reservation failed"
  | "reserved"
  | "shipped"
  | "mail requested"
  | "mail refused"
  | "mail sent"
  | "closed";

export interface JournalEntry {
  readonly order: string;
  readonly customer: string;
  readonly event: JournalEvent;
  /** The attempt of the handler in which it happened; undefined outside of a handler. */
  readonly attempt: number | undefined;
}

/** What happened in the shop, in order. */
export class Journal {
  readonly #entries: JournalEntry[] = [];

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  add(event: JournalEvent, { order, customer }: Pick<JournalEntry, "order" | "customer">, attempt?: number): void {
    this.#entries.push({ order, customer, event, attempt });
  }

  /** For handlers of at-least-once topics, which may see an event again. Returns false when it is in the journal. */
  addOnce(event: JournalEvent, of: Pick<JournalEntry, "order" | "customer">, attempt?: number): boolean {
    if (this.#entries.some((entry) => entry.event === event && entry.order === of.order)) return false;
    this.add(event, of, attempt);
    return true;
  }

  count(event: JournalEvent): number {
    return this.#entries.filter((entry) => entry.event === event).length;
  }
}
