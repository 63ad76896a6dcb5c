import { type AnySubscription, type Clock, systemClock } from "@anytopic/core";

/** Upper ends of the buckets of the histograms, in seconds. */
export interface Buckets {
  /** Of the time of a publish. @default 0.005 to 10, as in the conventions of OpenTelemetry */
  readonly publishSeconds: readonly number[];
  /** Of the time of an attempt. @default the same, and 30, 60, 300 and 900: handlers may run for long */
  readonly processSeconds: readonly number[];
  /** Of the time between publish and first attempt. @default the same, and 30, 60, 300, 900 and 3600: messages wait while workers are away */
  readonly latencySeconds: readonly number[];
}

/** The buckets of histograms, and which subscriptions are shown. */
export interface MetricsOptions {
  /** Each has 1 to 50 numbers above 0, ascending. More buckets make quantiles more exact, and each is one more series per topic or subscription. @default 14 bounds from 5 ms to 10 s for a publish, and longer ones for the rest */
  readonly buckets?: { readonly [Key in keyof Buckets]?: Buckets[Key] | undefined } | undefined;
  /**
   * Subscriptions whose backlog is shown although no worker of this process reads them.
   * @default none; those with a worker in this process are always shown
   */
  readonly subscriptions?: readonly AnySubscription[] | undefined;
  /** The source of time for the age of what is known of the backlog, for tests. @default the system's clock */
  readonly clock?: Clock | undefined;
}

export interface CheckedOptions {
  readonly buckets: Buckets;
  readonly subscriptions: readonly AnySubscription[];
  readonly clock: Clock;
}

/** Source: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/, read 2026-11-25. */
const CONVENTION = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

const DEFAULT_BUCKETS: Buckets = {
  publishSeconds: CONVENTION,
  processSeconds: [...CONVENTION, 30, 60, 300, 900],
  latencySeconds: [...CONVENTION, 30, 60, 300, 900, 3600],
};

/** Beyond this, the text is large and the search in a histogram slow. */
const MAX_BUCKETS = 50;

/** @throws TypeError when an option is unknown or not allowed */
export function checkedOptions(options: MetricsOptions): CheckedOptions {
  requireKnown("metrics", options, ["buckets", "subscriptions", "clock"]);
  const given = options.buckets ?? {};
  requireKnown("metrics: buckets", given, Object.keys(DEFAULT_BUCKETS));
  const bounds = (name: keyof Buckets): readonly number[] => checkedBounds(name, given[name] ?? DEFAULT_BUCKETS[name]);
  const subscriptions = options.subscriptions ?? [];
  if (!Array.isArray(subscriptions) || subscriptions.some((each: unknown) => !isSubscription(each))) {
    throw new TypeError("metrics: subscriptions must be an array of what defineSubscription returns");
  }
  return {
    buckets: {
      publishSeconds: bounds("publishSeconds"),
      processSeconds: bounds("processSeconds"),
      latencySeconds: bounds("latencySeconds"),
    },
    subscriptions: [...subscriptions],
    clock: options.clock ?? systemClock,
  };
}

function requireKnown(what: string, value: object, known: readonly string[]): void {
  if (typeof value !== "object" || value === null)
    throw new TypeError(`${what}: must be an object with ${known.join(", ")}`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TypeError(`${what}: unknown option "${unknown}"; known are ${known.join(", ")}`);
}

function checkedBounds(name: string, bounds: readonly number[]): readonly number[] {
  const ascending = (bound: unknown, at: number): boolean =>
    typeof bound === "number" && Number.isFinite(bound) && bound > (at === 0 ? 0 : (bounds[at - 1] as number));
  if (!Array.isArray(bounds) || bounds.length === 0 || bounds.length > MAX_BUCKETS || !bounds.every(ascending)) {
    throw new TypeError(
      `metrics: buckets.${name} must be 1 to ${MAX_BUCKETS} finite numbers of seconds above 0, ascending`,
    );
  }
  return Object.freeze([...bounds]);
}

function isSubscription(value: unknown): boolean {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "subscription";
}
