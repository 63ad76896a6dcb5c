import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { afterAll, describe, expect, test } from "vitest";

const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "fauxqs" });
afterAll(() => broker?.close());

describe.skipIf(broker === undefined)("closing", () => {
  const { url } = broker as Broker;

  test("a long poll of a closed worker strands nothing: what it still takes is another worker's at once", async () => {
    const adapter = aws({ region: "eu-west-1", endpoint: url });
    await using closing = await connect(adapter);
    await using going = await connect(adapter);
    const topic = defineTopic<number>(`closing-${crypto.randomUUID().slice(0, 8)}`);
    const subscription = defineSubscription(topic, "worker", { ackDeadlineMs: 60_000 });
    const strays: number[] = [];
    const worker = await closing.subscribe(subscription, (event) => void strays.push(event));
    // Its poll is pending, for about a second more.
    await worker.close();
    const handled: number[] = [];
    const other = await going.subscribe(subscription, (event) => void handled.push(event));
    const startedMs = performance.now();
    for (let event = 0; event < 20; event++) await going.publish(topic, event);
    await expect.poll(() => handled.length, { timeout: 5000 }).toBe(20);
    expect(strays).toEqual([]);
    // Much less than the 60 s for which they would be invisible.
    expect(performance.now() - startedMs).toBeLessThan(5000);
    await other.close();
    await going.destroy([subscription]);
  });
});
