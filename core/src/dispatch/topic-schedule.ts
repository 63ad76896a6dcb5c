import type { Clock } from "../base/clock.ts";
import { PubSubError } from "../base/errors.ts";
import { timeLeft } from "../base/time-left.ts";
import type { ConnectionRouter } from "../connections/connection-router.ts";
import { topicSpec } from "../connections/specs.ts";
import type { BrokerDelay } from "../contract/capabilities.ts";
import { type DueTime, type ScheduledEntry, waitingMs } from "../contract/due.ts";
import type { AnyTopic } from "../declare/topic.ts";
import type { DriverPublisher, DriverSchedule, MessageLimits } from "../driver.ts";
import type { PendingPublish } from "../publish/pending-publish.ts";
import { TopicPublisher, type TopicPublisherOptions } from "../publish/topic-publisher.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { StoreSchedule } from "./store-schedule.ts";
import type { ScheduleStore } from "../schedule/schedule-store.ts";

/** A store, and who publishes what is in it. */
export interface StoreWithDispatcher {
  readonly store: ScheduleStore;
  readonly dispatcher: Dispatcher;
}

/** Where the messages of a topic can wait. At least one is present. */
interface Places {
  readonly broker: DriverSchedule | undefined;
  readonly delay: BrokerDelay | undefined;
  readonly store: StoreSchedule | undefined;
}

/** Schedules the messages of one topic, at the broker or in the store. */
export class TopicSchedule {
  readonly #topic: AnyTopic;
  readonly #adapter: string;
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #publisher: TopicPublisher;
  /** Of the mirror: their limits hold too. */
  readonly #others: readonly TopicPublisher[];

  private constructor(
    topic: AnyTopic,
    adapter: string,
    clock: Clock,
    places: Places,
    publishers: readonly [TopicPublisher, ...TopicPublisher[]],
  ) {
    this.#topic = topic;
    this.#adapter = adapter;
    this.#clock = clock;
    this.#places = places;
    [this.#publisher, ...this.#others] = publishers;
  }

  /**
   * A broker keeps the messages when it can, and can also cancel and list them; or when there is no store. Those of a topic with a
   * mirror are in the store: one place, so that a message is cancelled for both brokers or for none.
   *
   * @throws PubSubError `NOT_SUPPORTED` when nobody can keep them
   */
  static async open(
    router: ConnectionRouter,
    topic: AnyTopic,
    stored: StoreWithDispatcher | undefined,
    options: Omit<TopicPublisherOptions, "capabilities">,
  ): Promise<TopicSchedule> {
    const names = router.routes.connectionsOfTopic(topic);
    const connections = await Promise.all(names.map((name) => router.connection(name)));
    const [home] = connections;
    if (home === undefined) throw new PubSubError("INVALID_CONFIG", `topic "${topic.name}" has no connection`);
    const delay = connections.length === 1 ? home.capabilities.publishDelay : "store";
    const isKept = delay !== "store" && (stored === undefined || (delay.cancel && delay.list));
    if (stored === undefined && (!isKept || home.driver.openSchedule === undefined)) {
      const lacking =
        connections.length === 1 ? `the ${home.adapter.name} adapter has publishDelay: "store"` : "it has a mirror";
      throw new PubSubError(
        "NOT_SUPPORTED",
        `topic "${topic.name}": a publish with deliverAt or delayMs has nowhere to wait: ${lacking}; give connect() a schedule store: { schedule: new MemoryScheduleStore() } or one in your database`,
      );
    }
    await Promise.all(connections.map((connection) => connection.prepare(topic)));
    const spec = topicSpec(topic, home.names);
    const places: Places = {
      broker: isKept ? await home.driver.openSchedule?.(spec) : undefined,
      delay: isKept ? delay : undefined,
      store: stored === undefined ? undefined : new StoreSchedule(topic, stored),
    };
    const own = await home.driver.openPublisher(spec);
    const publisher = new TopicPublisher(topic.name, scheduling(places, own, options.clock), {
      ...options,
      capabilities: home.capabilities,
    });
    const others = connections.slice(1).map(async ({ driver, names: physical, capabilities }) => {
      const driverPublisher = await driver.openPublisher(topicSpec(topic, physical));
      return new TopicPublisher(topic.name, driverPublisher, { ...options, capabilities });
    });
    return new TopicSchedule(topic, home.adapter.name, options.clock, places, [
      publisher,
      ...(await Promise.all(others)),
    ]);
  }

  get pending(): number {
    return this.#publisher.pending;
  }

  /** Resolves with the id when the schedule is durable. */
  async send(message: PendingPublish): Promise<string> {
    const { delay, store } = this.#places;
    if (store === undefined && delay !== undefined) this.#requireShortEnough(message.due, delay);
    for (const other of this.#others) other.checked(message.copy());
    return await this.#publisher.send(message);
  }

  /** True when it will never be delivered. */
  async cancel(id: string): Promise<boolean> {
    const { broker, store } = this.#places;
    if (store === undefined && broker?.cancel === undefined) throw this.#notSupported("cancel");
    return (await store?.cancel(id)) === true || (await broker?.cancel?.(id)) === true;
  }

  /** The first due first. */
  async list(limit: number): Promise<readonly ScheduledEntry[]> {
    const { broker, store } = this.#places;
    if (store === undefined && broker?.list === undefined) throw this.#notSupported("list");
    const found = [...((await store?.list(limit)) ?? []), ...((await broker?.list?.(limit)) ?? [])];
    return found.toSorted((one, other) => one.deliverAtMs - other.deliverAtMs).slice(0, limit);
  }

  async close(timeoutMs: number): Promise<void> {
    const leftMs = timeLeft(this.#clock, timeoutMs);
    await Promise.allSettled([this.#publisher, ...this.#others].map((publisher) => publisher.close(timeoutMs)));
    await this.#places.broker?.close(leftMs());
  }

  #requireShortEnough(due: DueTime | undefined, { maxMs }: BrokerDelay): void {
    const delayMs = due === undefined ? 0 : Math.ceil(waitingMs(due, this.#clock.now()));
    if (delayMs <= maxMs) return;
    throw new PubSubError(
      "LIMIT_EXCEEDED",
      `topic "${this.#topic.name}": the ${this.#adapter} adapter delays a publish by at most ${maxMs} ms, not ${delayMs}; give connect() a schedule store, or choose a shorter delay`,
    );
  }

  #notSupported(what: "cancel" | "list"): PubSubError {
    return new PubSubError(
      "NOT_SUPPORTED",
      `topic "${this.#topic.name}": the ${this.#adapter} adapter has publishDelay.${what}: false; give connect() a schedule store, and publish with it, so that messages wait there`,
    );
  }
}

/** What the window of a topic's schedule sends to. */
function scheduling({ broker, delay, store }: Places, own: DriverPublisher, clock: Clock): DriverPublisher {
  const limits: MessageLimits = own;
  return {
    sizeOf: (message) => limits.sizeOf(message),
    ...(own.refusal === undefined ? {} : { refusal: (message) => limits.refusal?.(message) }),
    publish(batch) {
      const messages = batch as readonly PendingPublish[];
      if (broker === undefined || delay === undefined) return store?.add(messages);
      const isNear = ({ due }: PendingPublish): boolean =>
        store === undefined || due === undefined || waitingMs(due, clock.now()) <= delay.maxMs;
      const near = messages.filter(isNear);
      const far = messages.filter((message) => !near.includes(message));
      if (near.length > 0) broker.add(near);
      if (far.length > 0) store?.add(far);
    },
    close: (timeoutMs) => own.close(timeoutMs),
  };
}
