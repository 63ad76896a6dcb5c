import { type BatchSize, batchSize } from "./batch/batch-size.ts";
import type { BatchSubscribeOptions } from "./batch/batch-handler.ts";
import { requireInteger } from "../options/option-checks.ts";
import { type AnySubscription, PREFETCH_LIMITS, SUBSCRIPTION_LIMITS } from "../declare/subscription.ts";
import type { SubscribeOptions } from "./worker.ts";

/** How much a worker has in hand. */
export interface WorkerSize {
  readonly maxConcurrency: number;
  readonly prefetch: number;
  /** Present for a batch handler. */
  readonly batch: BatchSize | undefined;
}

/** What the configuration says beyond the subscription. */
export interface ConfiguredSize {
  readonly prefetch: number | undefined;
  readonly batch: Partial<BatchSize>;
}

/**
 * @param most how many messages the worker may start at all
 * @throws TypeError when an option is out of range
 */
export function workerSize(
  options: SubscribeOptions | BatchSubscribeOptions,
  subscription: AnySubscription,
  configured: ConfiguredSize,
  most: number,
): WorkerSize {
  const places = requireInteger(
    "maxConcurrency",
    options.maxConcurrency ?? subscription.maxConcurrency,
    SUBSCRIPTION_LIMITS.maxConcurrency,
  );
  const batch = options.batch && batchSize(options.batch, configured.batch, places);
  const each = batch?.maxMessages ?? 1;
  // What cannot be started is not fetched.
  const maxConcurrency = Math.min(places, Math.ceil(most / each));
  const ahead = Math.min(places * each, Math.max(0, most - maxConcurrency * each), PREFETCH_LIMITS.default);
  const prefetch = requireInteger("prefetch", options.prefetch ?? configured.prefetch ?? ahead, PREFETCH_LIMITS);
  return { maxConcurrency, prefetch, batch };
}
