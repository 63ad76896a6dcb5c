import { MemoryScheduleStore, type ScheduleStore } from "@anytopic/core";
import type { OpenOptions } from "./context-options.ts";
import type { Context } from "./context.ts";

/** One store for the whole behaviour, as several processes share with one database. */
const stores = new WeakMap<Context, ScheduleStore>();

/** For `context.open`: what a connection needs for delayed publishes. */
export function delaying(context: Context): OpenOptions {
  const { capabilities, harness } = context;
  if (capabilities.publishDelay !== "store") return {};
  const schedule = stores.get(context) ?? harness.schedule?.() ?? new MemoryScheduleStore();
  stores.set(context, schedule);
  return { schedule };
}

/** How much later than it is due a scheduled message may come, in ms. */
export function dueLateMs({ capabilities, lateMs }: Context): number {
  const { publishDelay } = capabilities;
  return (publishDelay === "store" ? 0 : publishDelay.granularityMs) + 2 * lateMs;
}
