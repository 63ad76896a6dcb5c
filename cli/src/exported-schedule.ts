import type { ScheduleStore } from "@anytopic/core";
import { importModule } from "./declarations.ts";

/** The store that one of the modules exports as `schedule`: the same that the application gives to `connect`. */
export async function exportedSchedule(paths: readonly string[]): Promise<ScheduleStore | undefined> {
  for (const path of paths) {
    const { schedule } = (await importModule(path)) as { readonly schedule?: unknown };
    if (isStore(schedule)) return schedule;
  }
  return undefined;
}

function isStore(value: unknown): value is ScheduleStore {
  return typeof value === "object" && value !== null && "claimDue" in value && typeof value.claimDue === "function";
}
