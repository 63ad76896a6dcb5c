/**
 * Wraps an adapter or a part of its driver in another one: to watch what passes, to cause failures that no broker produces on
 * demand, and to do something around every call. Not exported by `driver.ts`, because adapters do not need it.
 */
import type {
  Adapter,
  DeliverySink,
  Driver,
  DriverContext,
  DriverDeadLetters,
  DriverDelivery,
  DriverPublisher,
  DriverSchedule,
  DriverSubscriber,
  PublishRequest,
  SubscriberOptions,
  SubscriptionSpec,
  TakenLetter,
} from "./driver.ts";

export { type ConnectInterceptor, interceptConnect } from "./base/connect-interceptor.ts";

/** Returns the driver that core uses instead of the given one, usually made with `forwardDriver`. */
export type WrapDriver = (driver: Driver, context: DriverContext) => Driver;

/** The same adapter, its driver wrapped. */
export function intercept(adapter: Adapter, wrap: WrapDriver): Adapter {
  return {
    name: adapter.name,
    capabilities: adapter.capabilities,
    ...(adapter.filterInWorker === undefined ? {} : { filterInWorker: adapter.filterInWorker.bind(adapter) }),
    open: async (context, signal) => wrap(await adapter.open(context, signal), context),
  };
}

/** The same driver, with some methods replaced. */
export function forwardDriver(driver: Driver, changes: Partial<Driver>): Driver {
  return {
    get server() {
      return driver.server;
    },
    get native() {
      return driver.native;
    },
    get blindSpot() {
      return driver.blindSpot;
    },
    plan: (topology, signal) => driver.plan(topology, signal),
    apply: (topology, options) => driver.apply(topology, options),
    destroy: (topology) => driver.destroy(topology),
    openPublisher: (topic) => driver.openPublisher(topic),
    openSubscriber: (subscription, sink, options) => driver.openSubscriber(subscription, sink, options),
    openDeadLetters: (subscription) => driver.openDeadLetters(subscription),
    ...(driver.openSchedule === undefined ? {} : { openSchedule: driver.openSchedule.bind(driver) }),
    ...(driver.stats === undefined ? {} : { stats: driver.stats.bind(driver) }),
    ...(driver.seek === undefined ? {} : { seek: driver.seek.bind(driver) }),
    close: (timeoutMs) => driver.close(timeoutMs),
    ...changes,
  };
}

/** The same publisher, with some methods replaced. */
export function forwardPublisher(publisher: DriverPublisher, changes: Partial<DriverPublisher>): DriverPublisher {
  return {
    sizeOf: (message) => publisher.sizeOf(message),
    ...(publisher.refusal === undefined ? {} : { refusal: (message) => publisher.refusal?.(message) }),
    publish: (batch) => publisher.publish(batch),
    close: (timeoutMs) => publisher.close(timeoutMs),
    ...changes,
  };
}

/** The same schedule, with some methods replaced. */
export function forwardSchedule(schedule: DriverSchedule, changes: Partial<DriverSchedule>): DriverSchedule {
  return {
    add: (batch) => schedule.add(batch),
    ...(schedule.cancel === undefined ? {} : { cancel: schedule.cancel.bind(schedule) }),
    ...(schedule.list === undefined ? {} : { list: schedule.list.bind(schedule) }),
    close: (timeoutMs) => schedule.close(timeoutMs),
    ...changes,
  };
}

/** The same request to publish, with some fields or methods replaced. */
export function forwardRequest(request: PublishRequest, changes: Partial<PublishRequest>): PublishRequest {
  return {
    id: request.id,
    body: request.body,
    attributes: request.attributes,
    orderingKey: request.orderingKey,
    publishTimeMs: request.publishTimeMs,
    get awaited() {
      return request.awaited;
    },
    accept: () => request.accept(),
    reject: (error) => request.reject(error),
    ...changes,
  };
}

/** Fields of a delivery that are replaced, and functions that replace its owner's settles. */
export interface DeliveryChanges extends Partial<Omit<DriverDelivery, "owner">> {
  readonly ack?: () => Promise<void> | undefined;
  readonly retry?: (delayMs: number) => Promise<void> | undefined;
  readonly release?: (leaseEnded: boolean) => Promise<void> | undefined;
}

/** The same delivery, with some fields or ways to settle it replaced. */
export function forwardDelivery(delivery: DriverDelivery, changes: DeliveryChanges): DriverDelivery {
  const { owner } = delivery;
  const { ack, retry, release, ...differs } = changes;
  return {
    id: delivery.id,
    body: delivery.body,
    attributes: delivery.attributes,
    orderingKey: delivery.orderingKey,
    publishTimeMs: delivery.publishTimeMs,
    native: delivery.native,
    attempt: delivery.attempt,
    undecodable: delivery.undecodable,
    owner: {
      ack: () => (ack === undefined ? owner.ack(delivery) : ack()),
      retry: (_, delayMs) => (retry === undefined ? owner.retry(delivery, delayMs) : retry(delayMs)),
      release: (_, leaseEnded) => (release === undefined ? owner.release(delivery, leaseEnded) : release(leaseEnded)),
      retriesAtBroker: () => owner.retriesAtBroker?.(delivery) === true,
    },
    ...differs,
  };
}

/** The same receiver of deliveries, with some methods replaced. */
export function forwardSink(sink: DeliverySink, changes: Partial<DeliverySink>): DeliverySink {
  return {
    deliver: (delivery) => sink.deliver(delivery),
    revoke: (delivery) => sink.revoke(delivery),
    revokeAll: (cause) => sink.revokeAll(cause),
    failing: (error) => sink.failing(error),
    receiving: (reconnected) => sink.receiving(reconnected),
    ...changes,
  };
}

/** The same dead letters, with some methods replaced. */
export function forwardDeadLetters(letters: DriverDeadLetters, changes: Partial<DriverDeadLetters>): DriverDeadLetters {
  return {
    store: (letter) => letters.store(letter),
    count: () => letters.count(),
    ...(letters.scan === undefined ? {} : { scan: letters.scan.bind(letters) }),
    take: (limit, waitMs) => letters.take(limit, waitMs),
    redeliver: (message) => letters.redeliver(message),
    emptyIsCertain: letters.emptyIsCertain === true,
    ...(letters.purge === undefined ? {} : { purge: letters.purge.bind(letters) }),
    ...(letters.close === undefined ? {} : { close: letters.close.bind(letters) }),
    ...changes,
  };
}

/** The same letter, with some fields or methods replaced. */
export function forwardLetter(letter: TakenLetter, changes: Partial<TakenLetter>): TakenLetter {
  return {
    id: letter.id,
    body: letter.body,
    attributes: letter.attributes,
    orderingKey: letter.orderingKey,
    publishTimeMs: letter.publishTimeMs,
    native: letter.native,
    mark: letter.mark,
    remove: () => letter.remove(),
    putBack: () => letter.putBack(),
    ...changes,
  };
}

/** What a wrapped subscriber does differently; everything absent is forwarded. */
export interface SubscriberChanges {
  /** The delivery as core gets it. @default the same */
  readonly wrap?: (delivery: DriverDelivery) => DriverDelivery;
  /** Passes deliveries to core. @default one by one, at once */
  readonly deliver?: (delivery: DriverDelivery, sink: DeliverySink) => void;
  readonly options?: SubscriberOptions;
  readonly extend?: (deliveries: readonly DriverDelivery[], inner: DriverSubscriber) => void;
  readonly stop?: (inner: DriverSubscriber, timeoutMs: number) => Promise<void>;
  readonly close?: (inner: DriverSubscriber, timeoutMs: number) => Promise<void>;
}

/** Opens a subscriber whose deliveries are wrapped; keeps track of which is which for `extend` and `revoke`. */
export async function openWrappedSubscriber(
  driver: Driver,
  subscription: SubscriptionSpec,
  sink: DeliverySink,
  options: SubscriberOptions,
  changes: SubscriberChanges,
): Promise<DriverSubscriber> {
  const inner = new WeakMap<DriverDelivery, DriverDelivery>();
  const outer = new WeakMap<DriverDelivery, DriverDelivery>();
  const wrapped = forwardSink(sink, {
    deliver(delivery) {
      const seen = changes.wrap?.(delivery) ?? delivery;
      inner.set(seen, delivery);
      outer.set(delivery, seen);
      if (changes.deliver === undefined) sink.deliver(seen);
      else changes.deliver(seen, sink);
    },
    revoke: (delivery) => sink.revoke(outer.get(delivery) ?? delivery),
  });
  const subscriber = await driver.openSubscriber(subscription, wrapped, changes.options ?? options);
  return {
    ...(subscriber.overdueMs === undefined ? {} : { overdueMs: subscriber.overdueMs.bind(subscriber) }),
    extend(deliveries) {
      const theirs = deliveries.map((delivery) => inner.get(delivery) ?? delivery);
      if (changes.extend === undefined) subscriber.extend(theirs);
      else changes.extend(theirs, subscriber);
    },
    stop: (timeoutMs) => changes.stop?.(subscriber, timeoutMs) ?? subscriber.stop(timeoutMs),
    close: (timeoutMs) => changes.close?.(subscriber, timeoutMs) ?? subscriber.close(timeoutMs),
  };
}
