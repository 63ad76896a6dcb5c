import { type Context, context, createContextKey } from "@opentelemetry/api";

/**
 * The key under which the SDK and the instrumentations look for suppression. Keys are `Symbol.for` of their description, so this is
 * the same one as that of `@opentelemetry/core`, which we do not depend on.
 */
const SUPPRESS_TRACING = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

const suppressed = (of: Context): boolean => of.getValue(SUPPRESS_TRACING) === true;

/** Runs `run` where nobody starts spans. */
export function quiet<Result>(run: () => Result): Result {
  const active = context.active();
  return suppressed(active) ? run() : context.with(active.setValue(SUPPRESS_TRACING, true), run);
}
