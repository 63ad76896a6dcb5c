import { type NumberLimits } from "./option-checks.ts";

/** How long `close()` waits for running handlers: of a connection, of a worker, and of one call. */
export const CLOSE_TIMEOUT_LIMITS: NumberLimits = { min: 0, max: 3_600_000, unit: "ms", default: 30_000 };

export const WAIT_FOR_BROKER_LIMITS: NumberLimits = {
  min: 0,
  max: 86_400_000,
  unit: "ms",
  orInfinity: true,
  default: 0,
};

export const PROVISIONING = ["ensure", "verify", "off"] as const;

/**
 * What happens when a topic or subscription is opened. `"ensure"`: what is missing is created. `"verify"`: what is missing or
 * differs is an error that lists it. `"off"`: no admin call is made.
 */
export type Provisioning = (typeof PROVISIONING)[number];
