/** The name of our tracer, meter and logger. */
export const SCOPE = "@anytopic/opentelemetry";
