import { BATCH_LIMITS } from "../../options/batch-limits.ts";
import { integerOption, rejectUnknownKeys, requireInteger } from "../../options/option-checks.ts";
import type { BatchOptions } from "./batch-handler.ts";
import { kindOf } from "../../base/shown.ts";

/** All places together hold at most so many messages, as without batches. */
const MAX_IN_HAND = 100_000;

/** Checked, with defaults. */
export interface BatchSize {
  readonly maxMessages: number;
  readonly maxWaitMs: number;
}

/**
 * What the code asked for, with what the configuration says instead.
 *
 * @throws TypeError when an option is wrong
 */
export function batchSize(asked: BatchOptions, configured: Partial<BatchSize>, maxConcurrency: number): BatchSize {
  if (typeof asked !== "object" || asked === null) {
    throw new TypeError(`subscribe: batch is ${kindOf(asked)}: must be an object such as { maxMessages: 100 }`);
  }
  rejectUnknownKeys("subscribe: batch", asked, Object.keys(BATCH_LIMITS));
  const maxMessages = requireInteger("batch.maxMessages", asked.maxMessages, BATCH_LIMITS.maxMessages);
  const maxWaitMs = integerOption("batch.maxWaitMs", asked.maxWaitMs, BATCH_LIMITS.maxWaitMs);
  const size = {
    maxMessages: configured.maxMessages ?? maxMessages,
    maxWaitMs: configured.maxWaitMs ?? maxWaitMs,
  };
  const inHand = size.maxMessages * maxConcurrency;
  if (inHand <= MAX_IN_HAND) return size;
  throw new TypeError(
    `batch.maxMessages is ${size.maxMessages} and maxConcurrency ${maxConcurrency}: the worker would have ${inHand} messages in hand, ` +
      `at most ${MAX_IN_HAND}: choose a lower maxConcurrency, which is the number of batches at the same time`,
  );
}
