import {
  type Clock,
  type DriverSchedule,
  pause,
  type PubSubError,
  type ScheduleRequest,
  timeLeft,
  type TopicSpec,
  waitingMs,
} from "@anytopic/core/driver";
import { asBuffer, encodeProperties } from "../codec.ts";
import type { Connections } from "../connection/connections.ts";
import { toPubSubError } from "../errors.ts";
import { DELAY_LEVELS_MS, PUBLISH_DELAY_STEP_MS } from "../limits.ts";
import { delayLevelName } from "../names.ts";
import type { Confirmable } from "./confirmable.ts";
import { ConfirmedChannel } from "./confirmed-channel.ts";
import { DelayLevels } from "./delay-levels.ts";

/** Publishes messages of one topic into its delay levels, on a channel of its own. */
export class RabbitmqSchedule implements DriverSchedule {
  readonly #connections: Connections;
  readonly #topic: TopicSpec;
  readonly #levels: DelayLevels;
  readonly #channel: ConfirmedChannel;

  constructor(connections: Connections, topic: TopicSpec) {
    this.#connections = connections;
    this.#topic = topic;
    this.#levels = new DelayLevels(connections, topic);
    this.#channel = new ConfirmedChannel(connections.publishing, {
      // Each message names its own.
      exchange: "",
      what: `rabbitmq: schedule for topic ${JSON.stringify(topic.name)}`,
      returned: () => {},
      again: (send) => this.#publish(send as ScheduledSend),
    });
  }

  add(batch: readonly ScheduleRequest[]): void {
    for (const request of batch)
      void this.#add(new ScheduledSend(request, this.#connections.context.clock, this.#levels));
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#channel.close(timeoutMs);
  }

  async #add(send: ScheduledSend): Promise<void> {
    try {
      send.safeFromMs = await this.#levels.require(send.route.level);
    } catch (error) {
      send.reject(toPubSubError(error, `rabbitmq: schedule for topic ${JSON.stringify(this.#topic.name)}`));
      return;
    }
    this.#publish(send);
  }

  #publish(send: ScheduledSend): void {
    const { level, routingKey } = send.route;
    const { prefix, contentType } = this.#connections.options;
    const exchange = delayLevelName(prefix, this.#topic, level);
    const properties = encodeProperties(send.request, undefined, contentType);
    this.#channel.publish(routingKey, send.body, properties, send, exchange);
  }
}

/** A message on its way to its first level. */
class ScheduledSend implements Confirmable {
  readonly request: ScheduleRequest;
  readonly body: Buffer;
  /** From when on its levels survive a crash of the broker, monotonic ms. Until then it is not accepted. */
  safeFromMs = 0;
  readonly #clock: Clock;
  readonly #levels: DelayLevels;
  readonly #leftMs: () => number;

  constructor(request: ScheduleRequest, clock: Clock, levels: DelayLevels) {
    const delayMs = request.due === undefined ? 0 : waitingMs(request.due, clock.now());
    this.request = request;
    this.body = asBuffer(request.body);
    this.#clock = clock;
    this.#levels = levels;
    // What is left is given in whole ms, rounded down.
    this.#leftMs = timeLeft(clock, Math.ceil(delayMs) + 1);
  }

  get awaited(): boolean {
    return this.request.awaited;
  }

  /** What is left of the delay in binary digits, the lowest first, and the highest level that is part of it. */
  get route(): { readonly level: number; readonly routingKey: string } {
    const most = 2 ** DELAY_LEVELS_MS.length - 1;
    const steps = Math.min(most, Math.max(1, Math.ceil(this.#leftMs() / PUBLISH_DELAY_STEP_MS)));
    const digits = steps.toString(2);
    return { level: digits.length - 1, routingKey: Array.from(digits).toReversed().join(".") };
  }

  accept(): void {
    const youngMs = this.safeFromMs - this.#clock.monotonicNow();
    if (youngMs <= 0) this.request.accept();
    else void this.#acceptIn(youngMs);
  }

  reject(error: PubSubError): void {
    // Somebody has destroyed the topic: the next message creates what is missing.
    if (error.code === "NOT_FOUND") this.#levels.forget();
    this.request.reject(error);
  }

  async #acceptIn(delayMs: number): Promise<void> {
    await pause(this.#clock, delayMs);
    this.request.accept();
  }
}
