import { PubSubError, type PublishResult, type PubSub } from "@anytopic/core";
import { makeItem, type Item } from "../item.ts";
import { hold } from "../wait.ts";
import type { ActorTask } from "./actor-task.ts";
import type { ChaosTopic } from "./declarations.ts";
import type { HistoryWriter } from "./history.ts";
import type { Pause } from "./pause.ts";
import type { PublishPlan } from "./schedule.ts";

const REPEAT_PAUSE_MS = 100;

export interface PublishingLoopOptions {
  readonly pubsub: PubSub;
  readonly task: ActorTask;
  readonly plan: PublishPlan;
  readonly target: ChaosTopic;
  readonly history: HistoryWriter;
  /** No more new messages; those that were not accepted are published again until they are. */
  readonly stopped: AbortSignal;
  readonly pause: Pause;
  /** Gives up. */
  readonly ended: AbortSignal;
}

interface Entry {
  readonly id: string;
  readonly event: Item;
}

/**
 * Publishes batches until it is stopped. What was not accepted is published again with the same id before anything new,
 * in the same order, as an application does that wants nothing lost and its order kept.
 */
export async function runPublishingLoop(options: PublishingLoopOptions): Promise<void> {
  const { task, plan, stopped, ended, pause } = options;
  const over = AbortSignal.any([stopped, ended]);
  let seq = 0;
  while (!stopped.aborted) {
    let pending = Array.from({ length: plan.batch }, (): Entry => {
      const key = `${task.by}-k${seq % plan.keys}`;
      const event = makeItem(task.prefix, seq, key);
      return { id: `${task.prefix}-${task.by}-${plan.topic}-${(seq += 1)}`, event };
    });
    while (pending.length > 0) {
      if (ended.aborted) return;
      pending = await publishOnce(options, pending);
      if (pending.length > 0) await hold(REPEAT_PAUSE_MS, ended).catch(() => undefined);
    }
    await hold(plan.pauseMs, over).catch(() => undefined);
    await pause.over(over);
  }
}

/** Returns what is to be published again. */
async function publishOnce(options: PublishingLoopOptions, entries: readonly Entry[]): Promise<Entry[]> {
  const { pubsub, target, plan, history } = options;
  const { topic } = plan;
  for (const { id, event } of entries) {
    history.write({ type: "publish", topic, id, seq: event.seq, key: event.key });
  }
  let results: readonly PublishResult[];
  try {
    results = await pubsub.publishBatch(target.topic, entries);
  } catch (error) {
    results = entries.map(() => ({ ok: false, error }));
  }
  return entries.filter(({ id }, index) => {
    const result = results[index];
    if (result === undefined)
      throw new Error(`publishBatch gave ${results.length} results for ${entries.length} entries`);
    if (result.ok) {
      history.write({ type: "accepted", topic, id });
      if (result.id !== id) history.write({ type: "stray", text: `the publish of ${id} returned the id ${result.id}` });
      return false;
    }
    const { error } = result;
    const code = error instanceof PubSubError ? error.code : String(error);
    history.write({ type: "refused", topic, id, code });
    const repeat = error instanceof PubSubError && error.retryable;
    if (!repeat && code !== "CLOSED") {
      history.write({ type: "stray", text: `the publish of ${id} was refused for good: ${code} ${String(error)}` });
    }
    return repeat;
  });
}
