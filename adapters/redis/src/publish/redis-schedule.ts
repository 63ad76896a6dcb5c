import {
  type DriverSchedule,
  retryPauseMs,
  type ScheduledEntry,
  type ScheduleRequest,
  type TimerHandle,
  type TopicSpec,
  waitingMs,
} from "@anytopic/core/driver";
import { encodeFields } from "../codec.ts";
import type { Connection } from "../connection.ts";
import { notFound, toPubSubError } from "../errors.ts";
import type { TopicNames } from "../names.ts";
import { publishDue } from "./publish-due.ts";
import { CANCEL, LIST_SCHEDULED, SCHEDULE } from "../scripts/schedule.ts";
import { packedFields } from "../wire/fields.ts";

/** How long to wait for messages that others have scheduled, in ms. */
const LOOK_MS = 1000;

/** Keeps the messages of one topic until they are due, and publishes those that are, also those of others. */
export class RedisSchedule implements DriverSchedule {
  readonly #connection: Connection;
  readonly #topic: TopicSpec;
  readonly #names: TopicNames;
  #timer: TimerHandle = undefined;
  /** When the timer fires, by the monotonic clock. */
  #timerMs = Number.POSITIVE_INFINITY;
  #failures = 0;
  #isClosed = false;

  constructor(connection: Connection, topic: TopicSpec, names: TopicNames) {
    this.#connection = connection;
    this.#topic = topic;
    this.#names = names;
    this.#by(0);
  }

  add(batch: readonly ScheduleRequest[]): void {
    void this.#add(batch);
  }

  async cancel(id: string): Promise<boolean> {
    const { later, kept } = this.#names;
    try {
      return (await this.#connection.script(CANCEL, [later, kept], [id], true)) === 1;
    } catch (error) {
      throw toPubSubError(error, `cancel a message of stream ${this.#names.stream}`);
    }
  }

  async list(limit: number): Promise<readonly ScheduledEntry[]> {
    const { later, kept } = this.#names;
    try {
      const reply = await this.#connection.script(LIST_SCHEDULED, [later, kept], [String(limit)]);
      const texts = (reply as readonly Buffer[]).map(String);
      return Array.from({ length: texts.length / 3 }, (_, index) => {
        const [id = "", deliverAtMs, publishTimeMs] = texts.slice(3 * index, 3 * index + 3);
        return { id, deliverAtMs: Number(deliverAtMs), publishTimeMs: Number(publishTimeMs), attempts: 0 };
      });
    } catch (error) {
      throw toPubSubError(error, `list the scheduled messages of stream ${this.#names.stream}`);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#connection.context.clock.clearTimer(this.#timer);
  }

  async #add(batch: readonly ScheduleRequest[]): Promise<void> {
    const { stream, later, kept } = this.#names;
    const args = batch.flatMap((request) => scheduleArguments(request));
    try {
      const reply = await this.#connection.script(SCHEDULE, [stream, later, kept], args, true);
      for (const request of batch)
        if (reply === null) request.reject(notFound(`stream ${stream}`));
        else request.accept();
    } catch (error) {
      const mapped = toPubSubError(error, `schedule messages of stream ${stream}`);
      for (const request of batch) request.reject(mapped);
      return;
    }
    const nowMs = this.#connection.context.clock.now();
    for (const { due } of batch) this.#by(due === undefined ? 0 : waitingMs(due, nowMs));
  }

  /** Looks for due messages within `delayMs`. */
  #by(delayMs: number): void {
    const { clock } = this.#connection.context;
    const atMs = clock.monotonicNow() + delayMs;
    if (this.#isClosed || atMs >= this.#timerMs) return;
    clock.clearTimer(this.#timer);
    this.#timerMs = atMs;
    this.#timer = clock.setTimer(() => void this.#look(), delayMs);
  }

  async #look(): Promise<void> {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const { random } = this.#connection.context;
    try {
      const dueMs = await publishDue(this.#connection, this.#topic, this.#names);
      this.#failures = 0;
      // While something waits, somebody else may schedule what is due earlier.
      if (dueMs >= 0) this.#by(Math.min(Math.max(1, dueMs), LOOK_MS * (0.75 + random() / 2)));
    } catch (error) {
      this.#failures += 1;
      this.#by(retryPauseMs(this.#failures, random, toPubSubError(error, "publish what is due")));
    }
  }
}

function scheduleArguments(request: ScheduleRequest): readonly (string | Buffer)[] {
  const { id, due, publishTimeMs } = request;
  const when =
    due?.delayMs === undefined ? ["t", String(Math.ceil(due?.atMs ?? 0))] : ["d", String(Math.ceil(due.delayMs))];
  const fields = [String(Math.trunc(publishTimeMs)), ...encodeFields(request)];
  return [id, ...when, packedFields(fields.map((field) => (typeof field === "string" ? Buffer.from(field) : field)))];
}
