import type { SeenError, SubscriptionCount } from "../api/subscription-detail.ts";
import type { WireEvent } from "../api/wire-event.ts";
import { SlidingCounts } from "./sliding-counts.ts";
import { SlidingHistogram } from "./sliding-histogram.ts";

const MAX_ERRORS = 10;
const MAX_TEXT = 1000;

const COUNT_OF: Readonly<Partial<Record<WireEvent["type"], SubscriptionCount>>> = {
  deliver: "started",
  ack: "acknowledged",
  retry: "retried",
  "dead-letter": "deadLettered",
  "lease-lost": "leaseLost",
  release: "released",
  skipped: "skipped",
};
const COUNTS = Object.values(COUNT_OF);
const ENDED: readonly SubscriptionCount[] = ["acknowledged", "deadLettered", "skipped"];
const FAILED: readonly SubscriptionCount[] = ["retried", "deadLettered", "leaseLost"];

/** What was observed of the workers of one subscription. */
export class SubscriptionRates {
  readonly #counts: SlidingCounts<SubscriptionCount>;
  #wait: SlidingHistogram | undefined;
  #handling: SlidingHistogram | undefined;
  #errors: readonly SeenError[] = [];
  #isSeen = false;

  constructor(nowMs: number) {
    this.#counts = new SlidingCounts(COUNTS, nowMs);
  }

  add(event: WireEvent, nowMs: number): void {
    const count = COUNT_OF[event.type];
    if (count !== undefined) this.#counts.add(count, nowMs);
    if (count !== undefined || event.type === "receiving") this.#isSeen = true;
    this.#measure(event, nowMs);
    if (event.error !== undefined && event.error !== null)
      this.#errors = [seenError(event), ...this.#errors].slice(0, MAX_ERRORS);
  }

  #measure({ type, attempt, atMs, publishTimeMs = 0, durationMs }: WireEvent, nowMs: number): void {
    if (type === "deliver") {
      if (attempt !== 1 || publishTimeMs <= 0) return;
      // The clocks of publisher and worker may differ.
      (this.#wait ??= new SlidingHistogram()).add(Math.max(0, atMs - publishTimeMs), nowMs);
    } else if (durationMs !== undefined && durationMs !== null) {
      (this.#handling ??= new SlidingHistogram()).add(durationMs, nowMs);
    }
  }

  /** Whether a worker was ever observed. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** The newest first. */
  get errors(): readonly SeenError[] {
    return this.#errors;
  }

  startedPerMin(nowMs: number): number | undefined {
    return this.#isSeen ? this.#counts.perMinute(["started"], nowMs) : undefined;
  }

  endedPerMin(nowMs: number): number | undefined {
    return this.#isSeen ? this.#counts.perMinute(ENDED, nowMs) : undefined;
  }

  counts(nowMs: number): Readonly<Record<SubscriptionCount, number>> {
    const totals = COUNTS.map((count) => [count, this.#counts.total(count, nowMs)] as const);
    return Object.fromEntries(totals) as Record<SubscriptionCount, number>;
  }

  ended(nowMs: number): readonly number[] {
    return this.#counts.series(ENDED, nowMs);
  }

  failed(nowMs: number): readonly number[] {
    return this.#counts.series(FAILED, nowMs);
  }

  waitMs(nowMs: number): ReturnType<SlidingHistogram["percentiles"]> {
    return this.#wait?.percentiles(nowMs);
  }

  handlingMs(nowMs: number): ReturnType<SlidingHistogram["percentiles"]> {
    return this.#handling?.percentiles(nowMs);
  }
}

function seenError({ type, atMs, id, attempt, error, service }: WireEvent): SeenError {
  return {
    atMs,
    type,
    id: id?.slice(0, MAX_TEXT) ?? null,
    attempt: attempt ?? null,
    name: error?.name.slice(0, MAX_TEXT) ?? "",
    code: error?.code ?? null,
    message: error?.message.slice(0, MAX_TEXT) ?? "",
    service: service ?? null,
  };
}
