/** A message of a stranger: names and values in turn, of any bytes. */
export type HostileMessage = readonly Buffer[];

const NAMES = ["data", "a", "", "DATA", "\u0000", "Größe", "__proto__", "constructor", "anytopic", "Anytopic-Key"];
const OURS = [
  "id",
  "key",
  "published",
  "again",
  "packed",
  "failed",
  "dead-letter",
  "raw-fields",
  "attribute:data",
  "own",
];
const VALUES = [
  "",
  "x",
  "%",
  "1e300",
  "-1",
  "9007199254740991",
  "\r\n",
  "\u0000\u001b[2J",
  "0 0-0 1 1",
  "7 redriven 1 0",
];
const BODIES = ['{"n":1}', "", "no JSON", "null", "\u0000\u0001", '{"n":'];

/** Odd and malicious messages, the same for the same seed. */
export function hostileMessages(seed: number, count: number): readonly HostileMessage[] {
  const random = randomOf(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const sometimes = (chance: number): boolean => random() < chance;
  const bytes = (): Buffer => Buffer.from(Array.from({ length: 1 + Math.floor(random() * 8) }, () => random() * 256));
  const name = (): Buffer => {
    if (sometimes(0.05)) return bytes();
    return Buffer.from(sometimes(0.5) ? `anytopic-${pick(OURS)}` : pick(NAMES));
  };
  const value = (): Buffer => {
    if (sometimes(0.1)) return bytes();
    if (sometimes(0.02)) return Buffer.alloc(Math.floor(random() * 300_000), "x");
    return Buffer.from(pick(VALUES));
  };
  return Array.from({ length: count }, () => {
    const fields = Array.from({ length: Math.floor(random() * 6) }, () => [name(), value()]).flat();
    if (sometimes(0.8) || fields.length === 0) {
      const at = 2 * Math.floor((random() * (fields.length + 2)) / 2);
      fields.splice(at, 0, Buffer.from("data"), Buffer.from(pick(BODIES)));
    }
    if (sometimes(0.01)) for (let n = 0; n < 5000; n += 1) fields.push(Buffer.from(`n${n}`), Buffer.from("v"));
    return fields;
  });
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
