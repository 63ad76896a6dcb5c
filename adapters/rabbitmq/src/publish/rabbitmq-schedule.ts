import { type DriverSchedule, type ScheduleRequest, timeLeft, type TopicSpec, waitingMs } from "@anytopic/core/driver";
import { asBuffer, encodeProperties } from "../codec.ts";
import type { Connections } from "../connection/connections.ts";
import { toPubSubError } from "../errors.ts";
import { DELAY_LEVELS_MS, PUBLISH_DELAY_STEP_MS } from "../limits.ts";
import { delayLevelName } from "../names.ts";
import { ConfirmedChannel } from "./confirmed-channel.ts";
import { DelayLevels } from "./delay-levels.ts";

/** Publishes messages of one topic into its delay levels, on a channel of its own. */
export class RabbitmqSchedule implements DriverSchedule {
  readonly #connections: Connections;
  readonly #topic: TopicSpec;
  readonly #levels: DelayLevels;
  readonly #channel: ConfirmedChannel;
  /** How long each message that has no answer yet has to wait from now on, in ms. */
  readonly #leftMs = new WeakMap<ScheduleRequest, () => number>();

  constructor(connections: Connections, topic: TopicSpec) {
    this.#connections = connections;
    this.#topic = topic;
    this.#levels = new DelayLevels(connections, topic);
    this.#channel = new ConfirmedChannel(connections.publishing, {
      // Each message names its own.
      exchange: "",
      what: `rabbitmq: schedule for topic ${JSON.stringify(topic.name)}`,
      returned: () => {},
      again: (request) => this.#publish(request as ScheduleRequest),
    });
  }

  add(batch: readonly ScheduleRequest[]): void {
    for (const request of batch) void this.#add(request);
  }

  close(timeoutMs?: number): Promise<void> {
    return this.#channel.close(timeoutMs);
  }

  async #add(request: ScheduleRequest): Promise<void> {
    const { clock } = this.#connections.context;
    const delayMs = request.due === undefined ? 0 : waitingMs(request.due, clock.now());
    // What is left is given in whole ms, rounded down.
    this.#leftMs.set(request, timeLeft(clock, Math.ceil(delayMs) + 1));
    try {
      await this.#levels.require(this.#routeOf(request).level);
    } catch (error) {
      request.reject(toPubSubError(error, `rabbitmq: schedule for topic ${JSON.stringify(this.#topic.name)}`));
      return;
    }
    this.#publish(request);
  }

  #publish(request: ScheduleRequest): void {
    const { level, routingKey } = this.#routeOf(request);
    const { prefix, contentType } = this.#connections.options;
    const exchange = delayLevelName(prefix, this.#topic, level);
    const properties = encodeProperties(request, undefined, contentType);
    this.#channel.publish(routingKey, asBuffer(request.body), properties, request, exchange);
  }

  /** The delay in binary digits, the lowest first, and the highest level that is part of it. */
  #routeOf(request: ScheduleRequest): { readonly level: number; readonly routingKey: string } {
    const leftMs = this.#leftMs.get(request)?.() ?? 0;
    const steps = Math.min(2 ** DELAY_LEVELS_MS.length - 1, Math.max(1, Math.ceil(leftMs / PUBLISH_DELAY_STEP_MS)));
    const digits = steps.toString(2);
    return { level: digits.length - 1, routingKey: Array.from(digits).toReversed().join(".") };
  }
}
