/** The name of `known` that is most similar to `name`, with at most two different letters. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const far = 3;
  let closest: string | undefined;
  let least = far;
  for (const candidate of known) {
    const found = distance(name.toLowerCase(), candidate.toLowerCase());
    if (found < least) [closest, least] = [candidate, found];
  }
  return closest;
}

/** `; did you mean "name"?` for the end of an error about unknown names, or nothing. Names of up to 4 letters are too short to compare. */
export function suggestion(names: readonly string[], known: readonly string[]): string {
  const close = names.map((name) => (name.length > 4 ? closestName(name, known) : undefined));
  const found = close.filter((name) => name !== undefined);
  return found.length === 0 ? "" : `; did you mean ${found.map((name) => JSON.stringify(name)).join(", ")}?`;
}

/** The number of insertions, deletions and substitutions between two words; may be 3 for more than 2. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
