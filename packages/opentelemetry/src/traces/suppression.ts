import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";

/**
 * Under the key by which the SDK and the instrumentations look for suppression. Keys are `Symbol.for` of their description, so this is
 * the same one as that of `@opentelemetry/core`, which we do not depend on. There is one context for all calls: what else is active is
 * nothing that a broker's client should know.
 */
const QUIET = ROOT_CONTEXT.setValue(createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING"), true);

/** Runs `run` where nobody starts spans. */
export function quiet<Result>(run: () => Result): Result {
  return context.active() === QUIET ? run() : context.with(QUIET, run);
}
