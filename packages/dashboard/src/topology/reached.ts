import type { PubSub } from "@anytopic/core";
import type { WireFailure } from "../api/numbers.ts";
import type { DashboardContext } from "../context.ts";
import { wireFailure } from "../wire-failure.ts";

export interface Reached {
  readonly pubsub: PubSub | undefined;
  readonly unavailable: WireFailure | null;
}

/** The connection, or why there is none: the screens open without it too. */
export async function reached(context: Pick<DashboardContext, "pubsub">): Promise<Reached> {
  try {
    return { pubsub: await context.pubsub(), unavailable: null };
  } catch (error) {
    return { pubsub: undefined, unavailable: wireFailure(error) };
  }
}
