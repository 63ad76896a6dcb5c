import { integerOption, limitsFrom, type NumberLimits, rejectUnknownKeys } from "../options/option-checks.ts";

/** When a worker stops starting messages after failures, and when it tries again. */
export interface CircuitPolicyOptions {
  /** Failed attempts in a row that open the circuit; 1 to 100,000. @default 5 */
  readonly failures?: number | undefined;
  /** How long the circuit stays open before it tries again, in ms; 1 to 3,600,000. Doubles each time a try fails. @default 10_000 */
  readonly openMs?: number | undefined;
  /** The longest time that it stays open, in ms; `openMs` to 3,600,000. @default 300_000, or `openMs` when that is longer */
  readonly maxOpenMs?: number | undefined;
  /** While it is half-open, how many messages may start, and how many must succeed before it closes; 1 to 1000. @default 1 */
  readonly probes?: number | undefined;
}

/** A checked circuit, with all defaults. */
export type CircuitPolicy = { readonly [Key in keyof CircuitPolicyOptions]-?: NonNullable<CircuitPolicyOptions[Key]> };

const HOUR_MS = 3_600_000;

/** `maxOpenMs` must also be at least `openMs`. */
export const CIRCUIT_LIMITS: Readonly<Record<keyof CircuitPolicyOptions, NumberLimits>> = {
  failures: { min: 1, max: 100_000, default: 5 },
  openMs: { min: 1, max: HOUR_MS, unit: "ms", default: 10_000 },
  maxOpenMs: { min: 1, max: HOUR_MS, unit: "ms", default: 300_000 },
  probes: { min: 1, max: 1000, default: 1 },
};

/** Checks ranges and sets defaults. @throws TypeError that names what is out of range */
export function checkedCircuitPolicy(what: string, options: CircuitPolicyOptions): CircuitPolicy {
  if (typeof options !== "object" || options === null) throw new TypeError(`${what} must be an object`);
  rejectUnknownKeys(what, options, Object.keys(CIRCUIT_LIMITS));
  const limits = CIRCUIT_LIMITS;
  const openMs = integerOption(`${what}.openMs`, options.openMs, limits.openMs);
  return Object.freeze({
    failures: integerOption(`${what}.failures`, options.failures, limits.failures),
    openMs,
    maxOpenMs: integerOption(`${what}.maxOpenMs`, options.maxOpenMs, limitsFrom(openMs, limits.maxOpenMs)),
    probes: integerOption(`${what}.probes`, options.probes, limits.probes),
  });
}
