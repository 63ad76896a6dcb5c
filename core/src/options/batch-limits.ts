import type { NumberLimits } from "./option-checks.ts";

/** For `batch` of `subscribe`. `maxMessages` has no default in code: it must be given. */
export const BATCH_LIMITS: Readonly<Record<"maxMessages" | "maxWaitMs", NumberLimits>> = {
  maxMessages: { min: 1, max: 10_000, default: 100 },
  maxWaitMs: { min: 1, max: 60_000, unit: "ms", default: 100 },
};
