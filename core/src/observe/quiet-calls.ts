import type { Logger } from "../base/logger.ts";
import { kept } from "../base/kept.ts";
import type { Instrumentation } from "./instrumentation.ts";

/** Runs a call of a driver inside something, and returns what the call returns. */
export type Quiet = <Result>(run: () => Result) => Result;

/** The `quiet` of all instrumentations as one, the first outermost. `undefined` when none has it. */
export function quietOf(instrumentations: readonly Instrumentation[], logger: Logger): Quiet | undefined {
  return instrumentations
    .filter((one) => one.quiet !== undefined)
    .map(
      (one): Quiet =>
        (run) =>
          ranIn(one, run, logger),
    )
    .reduceRight<Quiet | undefined>(
      (inner, outer) => (inner === undefined ? outer : (run) => outer(() => inner(run))),
      undefined,
    );
}

/** The driver's own result, whatever the instrumentation makes of it. */
function ranIn<Result>(one: Instrumentation, run: () => Result, logger: Logger): Result {
  let result: (() => Result) | undefined;
  try {
    one.quiet?.(() => (result ??= kept(run))());
  } catch (error) {
    // What the call itself has thrown is thrown below.
    if (result === undefined) {
      const reason = error instanceof Error ? error.message : typeof error;
      logger.error({ method: "quiet", error: reason }, "an instrumentation failed, which changes nothing else");
    }
  }
  return (result ?? kept(run))();
}
