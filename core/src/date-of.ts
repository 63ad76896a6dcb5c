/** The last millisecond of the year 9999. Later ones have another ISO form, and after the year 275760 there is none. */
const MAX_MS = 253_402_300_799_999;

/** A time in Unix ms that others may have written: clamped to the years 1970 to 9999, and 1970 when it is no number. */
export function dateOf(unixMs: number): Date {
  return new Date(unixMs >= 0 ? Math.min(unixMs, MAX_MS) : 0);
}
