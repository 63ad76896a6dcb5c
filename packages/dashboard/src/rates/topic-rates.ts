import type { WireEvent } from "../api/wire-event.ts";
import { SlidingCounts } from "./sliding-counts.ts";

const KINDS = ["published", "publishFailed"] as const;

/** What was observed of the publishes of one topic. */
export class TopicRates {
  readonly #counts: SlidingCounts<(typeof KINDS)[number]>;
  #isSeen = false;

  constructor(nowMs: number) {
    this.#counts = new SlidingCounts(KINDS, nowMs);
  }

  add({ type }: WireEvent, nowMs: number): void {
    this.#isSeen = true;
    if (type === "published") this.#counts.add("published", nowMs);
    else if (type === "publish-failed") this.#counts.add("publishFailed", nowMs);
  }

  /** `undefined` when no publish was ever observed: then others publish, or nobody. */
  publishedPerMin(nowMs: number): number | undefined {
    return this.#isSeen ? this.#counts.perMinute(["published"], nowMs) : undefined;
  }
}
