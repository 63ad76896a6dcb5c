import type { Adapter, Driver, DriverDelivery, PublishRequest, SubscriptionSpec } from "@anytopic/core/driver";
import type { Harness } from "../harness.ts";
import {
  forwardDriver,
  forwardPublisher,
  intercept,
  openWrappedSubscriber,
  type SubscriberChanges,
} from "../intercept.ts";

/** An adapter that is wrong in one way, made from a correct one: what the suite must catch. */
export interface Saboteur {
  /** kebab-case. */
  readonly name: string;
  /** What it does, in a sentence; each has been seen in a published client, adapter or test suite. */
  readonly wrong: string;
  /** Behaviours that must fail on it, the plainest first. */
  readonly killedBy: readonly string[];
  /**
   * A part of what the plainest behaviour says about it. Without it, a behaviour that fails for another reason would count as
   * one that catches. @default any failure counts
   */
  readonly says?: string;
  /** Without `harness` in a process of its own. */
  readonly sabotage: (adapter: Adapter, harness?: Harness) => Adapter;
}

/** Replaces methods of the driver. */
export function sabotageDriver(changes: (driver: Driver) => Partial<Driver>): Saboteur["sabotage"] {
  return (adapter) => intercept(adapter, (driver) => forwardDriver(driver, changes(driver)));
}

/** Changes how each subscriber is opened and behaves. */
export function sabotageSubscriber(
  changes: (subscription: SubscriptionSpec, driver: Driver) => SubscriberChanges,
): Saboteur["sabotage"] {
  return sabotageDriver((driver) => ({
    openSubscriber: (subscription, sink, options) =>
      openWrappedSubscriber(driver, subscription, sink, options, changes(subscription, driver)),
  }));
}

/** Changes each delivery on its way to core. */
export function sabotageDelivery(wrap: (delivery: DriverDelivery) => DriverDelivery): Saboteur["sabotage"] {
  return sabotageSubscriber(() => ({ wrap }));
}

/** Changes each request on its way to the broker. */
export function sabotagePublish(
  change: (batch: readonly PublishRequest[]) => readonly PublishRequest[],
): Saboteur["sabotage"] {
  return sabotageDriver((driver) => ({
    openPublisher: async (topic) => {
      const publisher = await driver.openPublisher(topic);
      return forwardPublisher(publisher, {
        publish(batch) {
          const changed = change(batch);
          if (changed.length > 0) publisher.publish(changed);
        },
      });
    },
  }));
}
