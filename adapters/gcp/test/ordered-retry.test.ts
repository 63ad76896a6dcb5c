import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy, type TcpProxy } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, type Deliveries, type Delivery, type PubSub } from "@anytopic/core";
import { gcp } from "@anytopic/gcp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const projectId = "ordered-retry-tests";
const broker: Broker | undefined = await startBrokerOrSkip("gcp");

interface Order {
  readonly account: string;
  readonly n: number;
}

/** The next delivery, which must be there in time. */
async function next(deliveries: Deliveries<Order>): Promise<Delivery<Order>> {
  const { value } = await deliveries.next();
  if (value === undefined) throw new Error("the deliveries have ended");
  return value;
}

const seen = ({ event, attempt }: Delivery<Order>): readonly [number, number] => [event.n, attempt];

describe.skipIf(broker === undefined)("attempts under an ordering key", () => {
  let publisher: PubSub;
  let doomed: PubSub;
  let heir: PubSub;
  let line: TcpProxy;

  beforeAll(async () => {
    const { host, port, url } = broker as Broker;
    line = await createTcpProxy({ targetHost: host, targetPort: port });
    publisher = await connect(gcp({ projectId, emulatorHost: url }));
    heir = await connect(gcp({ projectId, emulatorHost: url }));
    doomed = await connect(gcp({ projectId, emulatorHost: `${line.host}:${line.port}` }), { closeTimeoutMs: 0 });
  });

  afterAll(async () => {
    await line.heal();
    await Promise.all([publisher.close(), heir.close(), doomed.close()]);
    await line.close();
    await broker?.close();
  });

  const declared = (name: string) => {
    const topic = defineTopic<Order>(name, { orderingKey: ({ account }) => account });
    const retryPolicy = { minBackoffMs: 2000, maxBackoffMs: 4000, maxRetries: 10, jitter: 0 };
    return { topic, subscription: defineSubscription(topic, "mail", { ackDeadlineMs: 10_000, retryPolicy }) };
  };

  test("outlive the worker they failed in, as does the wait; what follows stays behind", async () => {
    const { topic, subscription } = declared("outlived");
    await publisher.apply([subscription]);
    const dying = doomed.deliveries(subscription);
    await publisher.publish(topic, { account: "a", n: 1 });
    let failedMs = 0;
    for (const attempt of [1, 2]) {
      const delivery = await next(dying);
      expect(seen(delivery)).toEqual([1, attempt]);
      failedMs = Date.now();
      await delivery.retry();
    }
    line.blackhole();
    await publisher.publish(topic, { account: "a", n: 2 });
    await using living = heir.deliveries(subscription);
    const third = await next(living);
    expect(seen(third)).toEqual([1, 3]);
    expect(Date.now() - failedMs).toBeGreaterThanOrEqual(4000);
    await third.ack();
    const follower = await next(living);
    expect(seen(follower)).toEqual([2, 1]);
    await follower.ack();
    await line.heal();
  }, 60_000);

  test("count one for a worker that died with more of the key in its hands", async () => {
    const { topic, subscription } = declared("in-hand");
    await publisher.apply([subscription]);
    for (const n of [1, 2]) await publisher.publish(topic, { account: "a", n });
    const dying = doomed.deliveries(subscription);
    for (const attempt of [1, 2]) {
      const delivery = await next(dying);
      expect(seen(delivery)).toEqual([1, attempt]);
      await delivery.retry();
    }
    line.blackhole();
    await using living = heir.deliveries(subscription);
    const head = await next(living);
    // Three would be true; see docs/adr/040-gcp-retry.md.
    expect(seen(head)).toEqual([1, 2]);
    await head.ack();
    const follower = await next(living);
    // It never started, but was fetched by a worker that died.
    expect(seen(follower)).toEqual([2, 2]);
    await follower.ack();
    await line.heal();
  }, 60_000);
});
