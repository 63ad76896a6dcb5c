import type { DeclaredTopic } from "../cost/declared-load.ts";

/** `GET /api/cost`: what the page calculates with. */
export interface CostOverview {
  readonly topics: readonly DeclaredTopic[];
  /** What was observed; `null` when nothing was. */
  readonly measured: {
    /** When the first event came, in Unix ms. */
    readonly sinceMs: number;
    readonly measuredMs: number;
    /** Only those that were published to. */
    readonly topics: readonly { readonly topic: string; readonly messages: number; readonly bytes: number | null }[];
    /** Only those that handled something. */
    readonly subscriptions: readonly {
      readonly topic: string;
      readonly subscription: string;
      readonly retries: number;
      readonly handled: number;
      readonly handlingMs: number | null;
    }[];
  } | null;
  /** Whether anything could be observed: whether this process, or others, report their events. */
  readonly observed: boolean;
}
