import { type PublishRequest, type ScheduledEntry, type ScheduleRequest, waitingMs } from "@anytopic/core/driver";
import { Alarm, type BrokerTime } from "./broker-time.ts";
import { type Delayed, DelayHeap } from "./delay-heap.ts";
import { sizeOf } from "../codec.ts";
import type { MemoryLimits } from "../limits.ts";
import { StorageQuota } from "./storage-quota.ts";

/** When the topic is full, a due message is tried again after so many ms. */
const FULL_PAUSE_MS = 1000;

interface Scheduled extends Delayed {
  /** Unix ms. */
  readonly deliverAtMs: number;
  readonly bytes: number;
  /** Undefined when it was cancelled: its place in the heap stays until it would be due. */
  request: ScheduleRequest | undefined;
}

/** The messages of a topic that are not due yet. */
export class ScheduledMessages {
  readonly #time: BrokerTime;
  readonly #publish: (request: PublishRequest, nowMs: number) => void;
  readonly #quota: StorageQuota;
  readonly #alarm: Alarm;
  readonly #heap = new DelayHeap<Scheduled>();
  readonly #byId = new Map<string, Scheduled>();

  /** @param publish stores a due message for every subscription */
  constructor(
    topic: string,
    limits: MemoryLimits,
    time: BrokerTime,
    publish: (request: PublishRequest, nowMs: number) => void,
  ) {
    this.#time = time;
    this.#publish = publish;
    this.#quota = new StorageQuota(`scheduled messages of topic ${topic}`, limits);
    this.#alarm = new Alarm(time, (nowMs) => this.#publishDue(nowMs));
  }

  /** An id that waits already is one message. */
  add(request: ScheduleRequest): void {
    if (this.#byId.has(request.id)) return request.accept();
    const bytes = sizeOf(request);
    const refusal = this.#quota.refusal(bytes);
    if (refusal !== undefined) return request.reject(refusal);
    this.#quota.add(bytes);
    const nowMs = this.#time.clock.now();
    const delayMs = Math.ceil(request.due === undefined ? 0 : waitingMs(request.due, nowMs));
    const dueMs = this.#time.now() + delayMs + this.#time.resolutionMs;
    const scheduled: Scheduled = { deliverAtMs: nowMs + delayMs, bytes, request, dueMs, order: 0 };
    this.#byId.set(request.id, scheduled);
    this.#heap.push(scheduled);
    this.#alarm.by(dueMs);
    request.accept();
  }

  cancel(id: string): boolean {
    const scheduled = this.#byId.get(id);
    if (scheduled === undefined) return false;
    this.#byId.delete(id);
    this.#quota.remove(scheduled.bytes);
    scheduled.request = undefined;
    return true;
  }

  list(limit: number): readonly ScheduledEntry[] {
    return [...this.#byId.entries()]
      .toSorted(([, one], [, other]) => one.dueMs - other.dueMs || one.order - other.order)
      .slice(0, limit)
      .map(([id, { deliverAtMs, request }]) => ({
        id,
        deliverAtMs,
        publishTimeMs: request?.publishTimeMs ?? 0,
        attempts: 0,
      }));
  }

  delete(): void {
    this.#alarm.cancel();
    this.#byId.clear();
  }

  #publishDue(nowMs: number): void {
    let next = this.#heap.peek();
    for (; next !== undefined && next.dueMs <= nowMs; next = this.#heap.peek()) {
      this.#heap.pop();
      if (next.request !== undefined) this.#publishOne(next, next.request, nowMs);
    }
    if (next !== undefined) this.#alarm.by(next.dueMs);
  }

  #publishOne(scheduled: Scheduled, request: ScheduleRequest, nowMs: number): void {
    const { id, body, attributes, orderingKey, publishTimeMs } = request;
    const accept = (): void => {
      this.#byId.delete(id);
      this.#quota.remove(scheduled.bytes);
    };
    const reject = (): void => {
      scheduled.dueMs = nowMs + FULL_PAUSE_MS;
      this.#heap.push(scheduled);
    };
    this.#publish({ id, body, attributes, orderingKey, publishTimeMs, awaited: true, accept, reject }, nowMs);
  }
}
