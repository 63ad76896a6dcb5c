import type { RelayTopicHealth } from "./topic-states.ts";

/** The state of a relay at the time of the call. */
export interface RelayHealth {
  /** `"up"`: the database answers and every topic is published. `"degraded"`: a topic waits or is held. `"down"`: the database fails, or the relay is closing. */
  readonly status: "up" | "degraded" | "down";
  readonly closing: boolean;
  /** What the database failed with; it is tried again without end. `code`: SQLSTATE, or the library's own. */
  readonly databaseError: { readonly code: string | undefined; readonly message: string } | undefined;
  readonly topics: readonly RelayTopicHealth[];
  /** How many messages this relay has published. */
  readonly published: number;
  /** How many messages this relay has parked. */
  readonly parked: number;
}
