import type { ConsumerInfo } from "@nats-io/jetstream";
import { NANOSECONDS_PER_MS } from "../limits.ts";

/** How long one leader must have answered before it is believed. */
const STEADY_MS = 500;
/** A leader and its followers hear of each other every second (`hbInterval` in `server/raft.go` of nats-server 2.9.10, read 2026-11-26). */
const HEARD_MS = 3000;
/** For how long an answer that contradicts itself is not believed. */
const CONTRADICTION_MS = 2000;

/**
 * Decides which answers about a replicated consumer are true. Seen on nats-server 2.9.10, with three servers: a leader that
 * was asked to step down answers for 250 ms that nothing is unsettled, one that was just elected may answer before it has
 * read its state, and one that was cut off or stood still does not know that there is another one.
 */
export class SteadyLeader {
  #leader: string | undefined;
  #sinceMs = 0;
  #delivered = 0;
  #contradictsSinceMs: number | undefined;

  /** Undefined: not yet known. False: an earlier answer that was believed no longer counts. */
  believes(info: ConsumerInfo, nowMs: number): boolean | undefined {
    const { cluster, delivered } = info;
    const replicas = cluster?.replicas ?? [];
    // One server alone answers what it knows.
    if (replicas.length === 0) return true;
    const isSame =
      cluster?.leader !== undefined && cluster.leader === this.#leader && delivered.consumer_seq >= this.#delivered;
    this.#delivered = delivered.consumer_seq;
    if (!isSame) {
      const isFirst = this.#leader === undefined;
      this.#leader = cluster?.leader;
      this.#sinceMs = nowMs;
      this.#contradictsSinceMs = undefined;
      return isFirst ? undefined : false;
    }
    const heard = replicas.filter(
      ({ active, offline }) => !offline && active > 0 && active < HEARD_MS * NANOSECONDS_PER_MS,
    ).length;
    const hasMajority = 2 * (heard + 1) > replicas.length + 1;
    if (!hasMajority) this.#sinceMs = nowMs;
    const isSteady = hasMajority && nowMs - this.#sinceMs >= STEADY_MS;
    return isSteady && !this.#contradicts(info, nowMs) ? true : undefined;
  }

  /**
   * When nothing is unsettled, the server moves the floor to the last delivery. It does not for messages that were given up
   * (`max_deliver`) or have expired.
   */
  #contradicts({ num_ack_pending, ack_floor, delivered }: ConsumerInfo, nowMs: number): boolean {
    if (num_ack_pending > 0 || ack_floor.consumer_seq === delivered.consumer_seq) {
      this.#contradictsSinceMs = undefined;
      return false;
    }
    this.#contradictsSinceMs ??= nowMs;
    return nowMs - this.#contradictsSinceMs < CONTRADICTION_MS;
  }
}
