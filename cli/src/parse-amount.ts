import { UsageError } from "./usage-error.ts";

const FACTORS: Readonly<Record<string, number>> = { "": 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 };

/** Reads `1500`, `2.5k`, `10M`, `1G`. @throws UsageError */
export function parseAmount(option: string, text: string): number {
  const [, digits = "", factor = ""] = /^(\d{1,15}(?:\.\d{1,9})?)([kKMG]?)$/.exec(text) ?? [];
  if (digits !== "") return Number(digits) * (FACTORS[factor] ?? 1);
  throw new UsageError(
    `--${option} is ${JSON.stringify(text)}: must be a number of 0 or more`,
    "k, M and G are short for a thousand, a million and a thousand million: 10M",
  );
}
