/** Which spelling of attributes that were renamed in 1.45.0: both, or only the new one. */
export type Spelling = "both" | "new";

/**
 * Reads `OTEL_SEMCONV_STABILITY_OPT_IN`, a list with commas: `messaging` asks for the new spelling alone, everything else means both.
 * https://opentelemetry.io/docs/specs/semconv/non-normative/, read 2026-11-26.
 */
export function spellingOf(optIn: string | undefined): Spelling {
  const words = new Set((optIn ?? "").split(",").map((word) => word.trim().toLowerCase()));
  return words.has("messaging") && !words.has("messaging/dup") ? "new" : "both";
}
