import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger, VirtualClock } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, expect, test } from "vitest";
import { QUEUE_SETTLES_MS } from "../src/limits.ts";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

const SUBSCRIPTIONS = 40;

test.skipIf(broker?.admin === undefined)(
  "new queues wait together until they are durable, however many are opened at once",
  { timeout: 60_000 },
  async () => {
    const clock = new VirtualClock();
    await using pubsub = await connect(rabbitmq({ url: broker!.url }), { clock, logger: silentLogger });
    const prefix = `opened-${process.pid}`;
    const subscriptions = Array.from({ length: SUBSCRIPTIONS }, (_, index) =>
      defineSubscription(defineTopic(`${prefix}-${index}`), "worker"),
    );
    let opened = 0;
    const opening = Promise.all(
      subscriptions.map(async (subscription) => {
        await pubsub.subscribe(subscription, () => {});
        opened += 1;
      }),
    );
    // Nothing waits for the clock but the queues, and it stands still.
    await expect.poll(() => clock.pending, { timeout: 30_000 }).toBeGreaterThanOrEqual(SUBSCRIPTIONS);
    const queues = await broker!.admin!(["list_queues", "name", "--no-table-headers"]);
    expect(queues.split("\n").filter((name) => name.startsWith(prefix))).toHaveLength(3 * SUBSCRIPTIONS);
    expect(opened).toBe(0);
    await clock.advance(QUEUE_SETTLES_MS);
    await opening;
    expect(opened).toBe(SUBSCRIPTIONS);
    await pubsub.destroy(subscriptions.flatMap((one) => [one, one.topic]));
  },
);
