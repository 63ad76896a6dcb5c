import { Reject, RetryAfter, type HandlerContext } from "@anytopic/core";
import { intact, type Item } from "../item.ts";
import { seededRandom, seedOf } from "../random.ts";
import { hold } from "../wait.ts";
import type { ActorTask } from "./actor-task.ts";
import type { HistoryWriter } from "./history.ts";
import type { WorkPlan } from "./schedule.ts";

export interface ChaosHandlerOptions {
  readonly task: ActorTask;
  readonly plan: WorkPlan;
  readonly history: HistoryWriter;
  readonly worker: number;
  readonly nextRun: () => number;
  /** No more random failures. */
  readonly isCalm: () => boolean;
}

const CALM_MS = 2;
const NEVER = new AbortController().signal;

/** The handler of one worker: behaves as the seed says for each message and attempt, and records what it does. */
export function chaosHandler(options: ChaosHandlerOptions): (item: Item, context: HandlerContext) => Promise<void> {
  const { task, plan, history, worker, nextRun, isCalm } = options;
  return async (item, context) => {
    const { id, attempt, signal } = context;
    const run = nextRun();
    const { seq, key } = item;
    history.write({ type: "run", topic: plan.topic, id, run, worker, seq, key, attempt, intact: intact(item) });
    const onAbort = (): void => history.write({ type: "abort", run });
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const random = seededRandom(seedOf(`${id} ${attempt}`, task.seed));
      const percent = (limit: number): boolean => random.next() * 100 < limit;
      const calm = isCalm();
      const heeds = !percent(plan.stubbornPercent);
      const slow = !calm && percent(plan.slowPercent);
      const workMs = slow ? (task.ackDeadlineMs * 4) / 3 : random.integer(...plan.handleMs);
      await hold(calm ? CALM_MS : workMs, heeds ? signal : NEVER);
      if (!calm) {
        if (percent(plan.failPercent)) throw new Error("a random failure");
        if (percent(plan.rejectPercent)) throw new Reject("a random rejection");
        if (percent(plan.retryAfterPercent)) throw new RetryAfter(task.retryMs);
      }
      history.write({ type: "end", run, how: "ok" });
    } catch (error) {
      history.write({ type: "end", run, how: error instanceof Reject ? "rejected" : "failed" });
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
}
