// Made once: a formatter costs more than all else that is done for one item.
const formats = [0, 2, 4].map((digits) => new Intl.NumberFormat("en-US", { maximumFractionDigits: digits }));

/** `1,234,567`, `12.5`, `0.0312`: as many digits as matter. */
export function shownNumber(value: number): string {
  const format = value >= 100 || Number.isInteger(value) ? formats[0] : value >= 1 ? formats[1] : formats[2];
  return format?.format(value) ?? String(value);
}
