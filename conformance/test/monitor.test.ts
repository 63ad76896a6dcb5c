import type {
  Adapter,
  Capabilities,
  DeliverySink,
  Driver,
  DriverContext,
  DriverDelivery,
  DriverSubscriber,
  SubscriptionSpec,
} from "@anytopic/core/driver";
import { expect, test } from "vitest";
import { Monitor } from "../src/monitor.ts";

interface Border {
  readonly monitor: Monitor;
  /** What the driver was told. */
  readonly told: string[];
  readonly subscriber: DriverSubscriber;
  /** Takes the last delivery from core. */
  readonly revoke: () => void;
  /** Hands one over and returns it as core gets it. */
  readonly deliver: () => DriverDelivery;
}

/** A driver that does nothing, and what core sees of it through the monitor. */
async function border(): Promise<Border> {
  const monitor = new Monitor();
  const told: string[] = [];
  const received: DriverDelivery[] = [];
  const coreSink = { deliver: (delivery: DriverDelivery) => void received.push(delivery), revoke: () => false };
  let sink: DeliverySink | undefined;
  const driver: Partial<Driver> = {
    openSubscriber: (_subscription, given) => {
      sink = given;
      return Promise.resolve({ extend: () => {}, stop: () => Promise.resolve(), close: () => Promise.resolve() });
    },
  };
  const adapter: Adapter = {
    name: "still",
    capabilities: {} as Capabilities,
    open: () => Promise.resolve(driver as Driver),
  };
  const watched = await monitor.watch(adapter).open({} as DriverContext);
  const spec = { topic: { exactlyOnce: false } } as SubscriptionSpec;
  const subscriber = await watched.openSubscriber(spec, coreSink as unknown as DeliverySink, { maxOutstanding: 9 });
  let last: DriverDelivery | undefined;
  const deliver = (): DriverDelivery => {
    last = {
      id: "m1",
      body: new Uint8Array(1),
      attributes: Object.create(null) as Record<string, string>,
      orderingKey: undefined,
      publishTimeMs: 0,
      native: undefined,
      attempt: 1,
      owner: {
        ack: () => void told.push("ack"),
        retry: (_, delayMs) => void told.push(`retry ${delayMs}`),
        release: (_, leaseEnded) => void told.push(`release ${leaseEnded}`),
      },
    };
    sink?.deliver(last);
    return received.at(-1) as DriverDelivery;
  };
  const revoke = (): void => void (last !== undefined && sink?.revoke(last));
  return { monitor, told, subscriber, revoke, deliver };
}

test("passes every settle on as it is", async () => {
  const { monitor, told, deliver } = await border();
  for (const leaseEnded of [true, false]) {
    const delivery = deliver();
    void delivery.owner.release(delivery, leaseEnded);
  }
  const retried = deliver();
  void retried.owner.retry(retried, 7);
  const acked = deliver();
  void acked.owner.ack(acked);
  expect(told).toEqual(["release true", "release false", "retry 7", "ack"]);
  expect(monitor.violations).toEqual([]);
});

test("notes a delivery that is settled twice", async () => {
  const { monitor, deliver } = await border();
  const delivery = deliver();
  void delivery.owner.ack(delivery);
  void delivery.owner.release(delivery, false);
  expect(monitor.violations).toEqual([expect.stringMatching(/settled a delivery twice .*\(release\)/)]);
});

test("permits one late ack of what was revoked, and nothing else", async () => {
  const { monitor, deliver, revoke } = await border();
  const late = deliver();
  revoke();
  void late.owner.ack(late);
  expect(monitor.violations).toEqual([]);
  void late.owner.ack(late);
  const returned = deliver();
  revoke();
  void returned.owner.release(returned, false);
  expect(monitor.violations).toEqual([
    expect.stringMatching(/after it was revoked \(ack\)/),
    expect.stringMatching(/after it was revoked \(release\)/),
  ]);
});

test("notes a settle after the subscriber was closed", async () => {
  const { monitor, subscriber, deliver } = await border();
  const delivery = deliver();
  await subscriber.close(0);
  void delivery.owner.ack(delivery);
  expect(monitor.violations).toEqual([expect.stringMatching(/after the subscriber was closed \(ack\)/)]);
});
