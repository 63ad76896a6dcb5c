/** A message of a stranger: any bytes as headers, and perhaps a wrong length of them. */
export interface HostileMessage {
  readonly headers: Uint8Array;
  readonly headerLength: number | undefined;
  readonly body: Uint8Array;
}

const NAMES = ["a", "a b", "", ":", "\u0000", "Größe", "Nats-Msg-Id", "nats-msg-id", "__proto__", "constructor"];
const OURS = ["id", "key", "published", "redriven-to", "encoded", "dead-letter", "raw-headers", "attempt"];
const VALUES = ["", "x", "%", "%zz", "aik", "1e300", "-1", "9007199254740991", "\r", "\n", "\u0000\u001b[2J", "nobody"];
const STARTS = ["NATS/1.0\r\n", "NATS/1.0 503\r\n", "NATS/1.0\n", "NATS/9.9\r\n", "", "nats/1.0\r\n", "NATS/1.0  \r\n"];
const ENDS = ["\r\n", "", "\r\n\r\n", "\n", "\u0000"];
const BODIES = ['{"n":1}', "", "no JSON", "null", "\u0000\u0001", '{"n":'];

/** Broken and malicious messages, the same for the same seed. */
export function hostileMessages(seed: number, count: number): readonly HostileMessage[] {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const sometimes = (chance: number): boolean => random() < chance;
  const line = (): string => {
    const name = sometimes(0.4) ? `anytopic-${pick(OURS)}` : pick(NAMES);
    const value = sometimes(0.03) ? "x".repeat(Math.floor(random() * 60_000)) : pick(VALUES);
    return sometimes(0.05) ? value : `${name}:${sometimes(0.8) ? " " : ""}${value}\r\n`;
  };
  return Array.from({ length: count }, () => {
    // Half of them begin correctly; otherwise all would fail in their first line.
    const start = sometimes(0.6) ? "NATS/1.0\r\n" : pick(STARTS);
    const lines = Array.from({ length: Math.floor(random() * 5) }, line).join("");
    const text = start + lines + (sometimes(0.7) ? "\r\n" : pick(ENDS));
    const headers = Buffer.from(text, sometimes(0.5) ? "latin1" : "utf8");
    const body = Buffer.from(pick(BODIES));
    // Never more than the real length: the server would wait for the rest.
    const headerLength = sometimes(0.1) ? Math.floor(random() * (headers.length + 1)) : undefined;
    return { headers, headerLength, body };
  }).filter(({ headers, headerLength }) => !endsTheServer(headers.subarray(0, headerLength)));
}

/** nats-server 2.9.10 reads beyond a block that ends within one of its own headers, and panics. We cannot prevent that. */
function endsTheServer(headers: Uint8Array): boolean {
  return /Nats-Msg-Id:? *$/.test(Buffer.from(headers).toString("latin1"));
}

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
