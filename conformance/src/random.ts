/** A repeatable source of random numbers: the same seed gives the same run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number;
  /** A copy in random order. */
  shuffled<Value>(values: readonly Value[]): Value[];
  bytes(length: number): Uint8Array;
}

/** Mulberry32: 32 bits of state, good enough to vary tests. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return Object.freeze({
    next,
    integer,
    shuffled<Value>(values: readonly Value[]): Value[] {
      return values
        .map((value) => ({ value, rank: next() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ value }) => value);
    },
    bytes: (length: number): Uint8Array => Uint8Array.from({ length }, () => integer(0, 255)),
  });
}

/** A number derived from text (FNV-1a), so that each behaviour has its own random numbers, whatever runs before it. */
export function seedOf(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
