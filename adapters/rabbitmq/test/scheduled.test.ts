import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, MemoryScheduleStore, silentLogger } from "@anytopic/core";
import { afterAll, describe, expect, test } from "vitest";

const broker = await startBrokerOrSkip("rabbitmq");
afterAll(async () => await broker?.close());

describe.skipIf(broker === undefined)("scheduled messages", () => {
  test("a topic that somebody has destroyed and created again takes delayed publishes again", async () => {
    const topic = defineTopic<{ readonly n: number }>(`again-${process.pid}`);
    const subscription = defineSubscription(topic, "all");
    await using pubsub = await connect(broker?.url ?? "", { logger: silentLogger });
    await using other = await connect(broker?.url ?? "", { logger: silentLogger });
    await pubsub.apply([topic, subscription]);
    await pubsub.publish(topic, { n: 1 }, { delayMs: 1000 });
    const deleted = await other.destroy([topic, subscription]);
    expect(deleted).toContain(`exchange ${topic.name}.later.1024ms`);
    expect(deleted).toContain(`queue ${topic.name}.later.nobody`);
    await other.apply([topic, subscription]);
    const received: number[] = [];
    await pubsub.subscribe(subscription, ({ n }) => void received.push(n));
    const again = (): Promise<string> => pubsub.publish(topic, { n: 2 }, { delayMs: 500 });
    // The broker closes the channel, and that is noticed by the first publish.
    await again().catch(async () => await again());
    await expect.poll(() => received).toEqual([2]);
    await pubsub.destroy([topic, subscription]);
  });

  test("a delay that is too long for the broker goes to the store, and so does every other where there is one", async () => {
    const topic = defineTopic<{ readonly n: number }>(`long-${process.pid}`);
    const schedule = new MemoryScheduleStore();
    await using pubsub = await connect(broker?.url ?? "", { schedule, logger: silentLogger });
    const id = await pubsub.publish(topic, { n: 1 }, { delayMs: 48 * 3_600_000 });
    expect(await schedule.list(topic.name, 10)).toMatchObject([{ id }]);
    expect(await pubsub.cancel(topic, id)).toBe(true);
    await pubsub.destroy([topic]);
  });
});
