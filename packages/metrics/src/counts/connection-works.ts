import type { ConnectionHealth } from "@anytopic/core";

/** A degraded connection works: the broker has only announced trouble. */
export function works(state: ConnectionHealth["state"]): boolean {
  return state === "up" || state === "degraded";
}
