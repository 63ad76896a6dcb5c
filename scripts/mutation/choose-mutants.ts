import { groupBy } from "./group-by.ts";
import type { Mutant } from "./mutant.ts";

/** `count` mutants, as evenly from all files as there are some: the same ones for the same seed and sources. */
export function chooseMutants(mutants: readonly Mutant[], count: number, seed: number): readonly Mutant[] {
  const random = randomFrom(seed);
  const perFile = groupBy(mutants, ({ file }) => file);
  const rows = shuffled([...perFile.values()], random).map((row) => shuffled(row, random));
  const chosen: Mutant[] = [];
  for (let place = 0; chosen.length < count && rows.some((row) => place < row.length); place += 1) {
    for (const row of rows) {
      const mutant = row[place];
      if (mutant !== undefined && chosen.length < count) chosen.push(mutant);
    }
  }
  return chosen;
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
