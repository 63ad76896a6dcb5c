import type { MeterProvider, TracerProvider } from "@opentelemetry/api";

import { type Spelling, spellingOf } from "./conventions/spelling.ts";

/** How the span of an attempt belongs to the span of the publish. */
export type Correlation = "parent+link" | "link";

/** Which traces and metrics are written. */
export interface OpenTelemetryOptions {
  /** Whether spans are made, and the trace context is put into messages. @default true */
  readonly traces?: boolean | undefined;
  /** Whether metrics are made. @default true */
  readonly metrics?: boolean | undefined;
  /**
   * `"parent+link"`: the span of an attempt is a child of the publish, in one trace, and has a link to it. `"link"`: it begins a trace
   * of its own with a link, which the conventions prefer. The sampler then decides about it anew.
   * @default "parent+link"
   */
  readonly correlate?: Correlation | undefined;
  /**
   * Beyond this age of the message, in ms, an attempt has a link only: most trace stores and tail samplers do not wait for spans
   * that come later. 0 to `Infinity`.
   * @default 3_600_000, one hour
   */
  readonly parentMaxAgeMs?: number | undefined;
  /** Whether the active baggage travels with messages, and is active in handlers. It may hold personal data, and costs bytes. @default false */
  readonly baggage?: boolean | undefined;
  /** Whether each acknowledgement, retry and release at the broker is a span. @default false */
  readonly settleSpans?: boolean | undefined;
  /** Whether spans have `messaging.message.body.size`, the bytes of the encoded event. @default false */
  readonly bodySize?: boolean | undefined;
  /**
   * Whether the broker's client libraries work without spans of their own while an adapter calls them. Otherwise their
   * instrumentations make a second span for each publish.
   * @default true
   */
  readonly quietClients?: boolean | undefined;
  /**
   * Whether attributes that the conventions renamed in 1.45.0 are set in both spellings, or in the new one only.
   * @default "both", or "new" when the environment's `OTEL_SEMCONV_STABILITY_OPT_IN` contains `messaging`
   */
  readonly spelling?: Spelling | undefined;
  /** The shortest time between two requests to the broker for the backlog of a subscription, in ms; 15,000 to 86,400,000. @default 15_000 */
  readonly statsEveryMs?: number | undefined;
  /** @default the registered one */
  readonly tracerProvider?: TracerProvider | undefined;
  /** @default the one that is registered when `openTelemetry` is called */
  readonly meterProvider?: MeterProvider | undefined;
}

export interface CheckedOptions {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly correlate: Correlation;
  readonly parentMaxAgeMs: number;
  readonly baggage: boolean;
  readonly settleSpans: boolean;
  readonly bodySize: boolean;
  readonly quietClients: boolean;
  readonly spelling: Spelling;
  readonly statsEveryMs: number;
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;
}

const FLAGS = ["traces", "metrics", "baggage", "settleSpans", "bodySize", "quietClients"] as const;
const KNOWN: readonly string[] = [
  ...FLAGS,
  "correlate",
  "parentMaxAgeMs",
  "spelling",
  "statsEveryMs",
  "tracerProvider",
  "meterProvider",
];

/** Statistics are a request to the broker, and approximate: more often tells nothing new. */
export const STATS_EVERY_MS = { default: 15_000, min: 15_000, max: 86_400_000 } as const;

/** @throws TypeError when an option is unknown or not allowed */
export function checkedOptions(options: OpenTelemetryOptions): CheckedOptions {
  if (typeof options !== "object" || options === null) throw new TypeError("openTelemetry: options must be an object");
  for (const key of Object.keys(options)) {
    if (!KNOWN.includes(key))
      throw new TypeError(`openTelemetry: unknown option "${key}"; known are ${KNOWN.join(", ")}`);
  }
  for (const flag of FLAGS) requireOneOf(flag, options[flag], [true, false]);
  requireOneOf("correlate", options.correlate, ["parent+link", "link"]);
  requireOneOf("spelling", options.spelling, ["both", "new"]);
  requireNumber("parentMaxAgeMs", options.parentMaxAgeMs, 0, Infinity);
  requireNumber("statsEveryMs", options.statsEveryMs, STATS_EVERY_MS.min, STATS_EVERY_MS.max);
  requireProvider("tracerProvider", options.tracerProvider, "getTracer");
  requireProvider("meterProvider", options.meterProvider, "getMeter");
  return {
    traces: options.traces ?? true,
    metrics: options.metrics ?? true,
    correlate: options.correlate ?? "parent+link",
    parentMaxAgeMs: options.parentMaxAgeMs ?? 3_600_000,
    baggage: options.baggage ?? false,
    settleSpans: options.settleSpans ?? false,
    bodySize: options.bodySize ?? false,
    quietClients: options.quietClients ?? true,
    spelling: options.spelling ?? spellingOf(process.env["OTEL_SEMCONV_STABILITY_OPT_IN"]),
    statsEveryMs: options.statsEveryMs ?? STATS_EVERY_MS.default,
    tracerProvider: options.tracerProvider,
    meterProvider: options.meterProvider,
  };
}

function requireOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new TypeError(`openTelemetry: ${name} is ${shown(value)}: must be ${allowed.map(shown).join(" or ")}`);
}

function requireNumber(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined || (typeof value === "number" && value >= min && value <= max)) return;
  throw new TypeError(`openTelemetry: ${name} is ${shown(value)}: must be a number from ${min} to ${max}`);
}

function requireProvider(name: string, value: unknown, method: string): void {
  if (value === undefined) return;
  if (typeof (value as Record<string, unknown> | null)?.[method] === "function") return;
  throw new TypeError(`openTelemetry: ${name} is ${shown(value)}: must have the method ${method}`);
}

const shown = (value: unknown): string =>
  typeof value === "object" ? "an object" : (JSON.stringify(value) ?? typeof value);
