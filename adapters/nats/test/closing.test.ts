import { startBrokerOrSkip, type Broker } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, systemClock } from "@anytopic/core";
import type { DeliverySink, DriverContext, SubscriptionSpec } from "@anytopic/core/driver";
import { nats } from "@anytopic/nats";
import { connect as connectPlain } from "@nats-io/transport-node";
import { afterAll, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("nats");

afterAll(async () => await broker?.close());

const TIMEOUT_MS = 200;
/** How late a busy machine may be. A worker that ignores its time limit takes longer than this. */
const SLACK_MS = 1500;

function nothing(): void {}

const context: DriverContext = {
  clock: systemClock,
  random: Math.random,
  logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  status: nothing,
};

const sink: DeliverySink = {
  deliver: nothing,
  revoke: () => true,
  revokeAll: nothing,
  failing: nothing,
  receiving: nothing,
};

function subscriptionSpec(name: string, ordered: boolean): SubscriptionSpec {
  const topic = { name, physicalName: name, ordered, exactlyOnce: false, retentionMs: 60_000, replay: false };
  return { name: "mail", physicalName: "mail", topic, ackDeadlineMs: 30_000, maxRetries: 3, maxBackoffMs: 1000 };
}

test.skipIf(broker === undefined).each([
  ["a worker", false],
  ["the active worker of an ordered subscription", true],
])("%s stops and closes in its time on a line that does not answer", async (_who, ordered) => {
  const { host, port } = broker as Broker;
  const proxy = await createTcpProxy({ targetHost: host, targetPort: port });
  const driver = await nats({ servers: `${proxy.host}:${proxy.port}`, pingIntervalMs: 60_000 }).open(context);
  try {
    const spec = subscriptionSpec(`closing-${ordered ? "ordered" : "plain"}`, ordered);
    await driver.apply({ topics: [spec.topic], subscriptions: [spec] }, { update: false });
    const subscriber = await driver.openSubscriber(spec, sink, { maxOutstanding: 10 });
    proxy.blackhole();
    for (const end of ["stop", "close"] as const) {
      const late = new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS + SLACK_MS, "late"));
      expect(await Promise.race([subscriber[end](TIMEOUT_MS), late])).toBe(undefined);
    }
  } finally {
    await driver.close(TIMEOUT_MS);
    await proxy.close();
  }
});

test.skipIf(broker === undefined).each(["plain", "ordered"])(
  "nothing of ours is left on a connection that was handed in: %s",
  async (kind) => {
    const nc = await connectPlain({ servers: (broker as Broker).url });
    const { protocol } = nc as unknown as {
      readonly protocol: {
        readonly listeners: readonly unknown[];
        readonly subscriptions: { all(): readonly unknown[] };
      };
    };
    const left = (): number[] => [protocol.listeners.length, protocol.subscriptions.all().length];
    const topic = defineTopic<number>(`handed-in-${kind}`, kind === "ordered" ? { orderingKey: () => "k" } : {});
    const subscription = defineSubscription(topic, "mail", { retryPolicy: { maxRetries: 0 } });
    const counts: number[][] = [];
    try {
      for (let time = 0; time < 2; time++) {
        const pubsub = await connect(nats({ connection: nc }));
        await pubsub.subscribe(subscription, async () => {
          throw new Error("no");
        });
        await pubsub.publish(topic, time);
        const letters = pubsub.deadLetters(subscription);
        await expect.poll(async () => letters.count()).toBe(time + 1);
        await pubsub.close();
        counts.push(left());
      }
      expect(counts[1]).toEqual(counts[0]);
      expect(counts[0]?.[0]).toBe(0);
    } finally {
      await nc.close();
    }
  },
);
