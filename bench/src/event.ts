/** What is published: 1 KiB as JSON. */
export interface BenchEvent {
  readonly id: number;
  readonly filler: string;
}

const filler = "x".repeat(1024 - JSON.stringify({ id: 1_000_000, filler: "" }).length);
let made = 0;

/** A new event, so that no form profits from encoding the same one again. */
export function nextEvent(): BenchEvent {
  made += 1;
  return { id: 1_000_000 + (made % 1_000_000), filler };
}
