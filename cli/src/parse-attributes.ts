import { UsageError } from "./usage-error.ts";

/** Reads `key=value` pairs; the first `=` separates. @throws UsageError */
export function parseAttributes(pairs: readonly string[]): Readonly<Record<string, string>> {
  const attributes = new Map<string, string>();
  for (const pair of pairs) {
    const separator = pair.indexOf("=");
    if (separator < 1) {
      throw new UsageError(`--attribute is ${JSON.stringify(pair)}: must be key=value`, "--attribute tenant=acme");
    }
    const key = pair.slice(0, separator);
    if (attributes.has(key)) throw new UsageError(`--attribute ${JSON.stringify(key)} is given twice`);
    attributes.set(key, pair.slice(separator + 1));
  }
  // fromEntries defines own properties, also for a key such as __proto__.
  return Object.fromEntries(attributes);
}
