/** `1,234,567`, `12.5`, `0.0312`: as many digits as matter. */
export function shownNumber(value: number): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 1 ? 2 : 4;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}
