import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import type { Driver, DriverContext } from "@anytopic/core/driver";
import { expect, test } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

/** A broker that creates one after the other, and tells how many wait for it. */
class SlowAdapter extends ScriptedAdapter {
  waiting = 0;
  mostWaiting = 0;
  failing = false;

  override async open(context: DriverContext): Promise<Driver> {
    const driver = await super.open(context);
    const apply: Driver["apply"] = async (topology, options) => {
      this.waiting += 1;
      this.mostWaiting = Math.max(this.mostWaiting, this.waiting);
      await new Promise((resolve) => setImmediate(resolve));
      this.waiting -= 1;
      if (this.failing) throw new Error("refused");
      return await driver.apply(topology, options);
    };
    return { ...driver, apply };
  }
}

/** What it has created needs time until it can be used. */
class SettlingAdapter extends SlowAdapter {
  settling = 0;
  readonly #settled = Promise.withResolvers<void>();
  readonly settle = this.#settled.resolve;

  override async open(context: DriverContext): Promise<Driver> {
    const driver = await super.open(context);
    const apply: Driver["apply"] = async (topology, options) => {
      const changes = await driver.apply(topology, options);
      this.settling += 1;
      options.onCreated?.();
      // Core may be told more than once.
      options.onCreated?.();
      await this.#settled.promise;
      return changes;
    };
    return { ...driver, apply };
  }
}

const topics = Array.from({ length: 100 }, (_, index) => defineTopic(`topic-${index}`));
const subscriptions = topics.map((topic) => defineSubscription(topic, "worker"));

test("a program that opens many subscriptions at once does not ask the broker for all of them at once", async () => {
  const adapter = new SlowAdapter();
  await using pubsub = await connect(adapter, { logger: silentLogger });
  await Promise.all(subscriptions.map((subscription) => pubsub.subscribe(subscription, () => {})));
  expect(adapter.mostWaiting).toBe(16);
  expect(new Set(adapter.applied).size).toBe(200);
});

test("a driver that only waits makes room for the next ones", async () => {
  const adapter = new SettlingAdapter();
  await using pubsub = await connect(adapter, { logger: silentLogger });
  const opening = Promise.all(subscriptions.map((subscription) => pubsub.subscribe(subscription, () => {})));
  await expect.poll(() => adapter.settling).toBe(subscriptions.length);
  expect(adapter.mostWaiting).toBe(16);
  // What is not yet durable is not used.
  let isOpen = false;
  void opening.then(() => (isOpen = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOpen).toBe(false);
  adapter.settle();
  expect(await opening).toHaveLength(subscriptions.length);
});

test("those that fail make room for the next ones", async () => {
  const adapter = new SlowAdapter();
  adapter.failing = true;
  await using pubsub = await connect(adapter, { logger: silentLogger });
  const opened = await Promise.allSettled(subscriptions.map((one) => pubsub.subscribe(one, () => {})));
  expect(opened.map(({ status }) => status)).toEqual(subscriptions.map(() => "rejected"));
  adapter.failing = false;
  await Promise.all(subscriptions.map((subscription) => pubsub.subscribe(subscription, () => {})));
  expect(adapter.mostWaiting).toBe(16);
});
