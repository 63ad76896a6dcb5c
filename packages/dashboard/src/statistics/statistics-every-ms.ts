import { EVERY_MS } from "./limits.ts";

/** @throws TypeError when it is out of range */
export function statisticsEveryMs(given: number | undefined): number {
  const isDevelopment = globalThis.process?.env["NODE_ENV"] === "development";
  if (given === undefined) return isDevelopment ? EVERY_MS.development : EVERY_MS.default;
  if (Number.isInteger(given) && given >= EVERY_MS.min && given <= EVERY_MS.max) return given;
  throw new TypeError(
    `dashboard: statisticsEveryMs must be a whole number of ms from ${EVERY_MS.min} to ${EVERY_MS.max}`,
  );
}
