import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { afterAll, describe, expect, test } from "vitest";

// With moto, since its answers can have several messages of a group, as those of AWS. Those of fauxqs have one.
const broker = await startBrokerOrSkip("aws", { provider: "native", implementation: "moto" });
afterAll(() => broker?.close());

interface Event {
  readonly account: string;
  readonly step: number;
}

describe.skipIf(broker === undefined)("messages behind one that fails", () => {
  const { url } = broker as Broker;

  test("go back and come after it, in order, and that costs them no attempt", async () => {
    await using pubsub = await connect(aws({ region: "eu-west-1", endpoint: url, maxReceivers: 1 }));
    const topic = defineTopic<Event>(`followers-${crypto.randomUUID().slice(0, 8)}`, { orderingKey: (e) => e.account });
    const subscription = defineSubscription(topic, "worker", {
      retryPolicy: { minBackoffMs: 1000, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 },
    });
    await pubsub.apply([subscription]);
    for (let step = 0; step < 6; step++) {
      for (const account of ["fails", "dies", "works"]) await pubsub.publish(topic, { account, step });
    }

    const runs: Record<string, string[]> = { fails: [], dies: [], works: [] };
    const worker = await pubsub.subscribe(subscription, ({ account, step }, { attempt }) => {
      runs[account]?.push(`${step}#${attempt}`);
      if (account === "fails" && step === 1 && attempt < 3) throw new Error("twice");
      if (account === "dies" && step === 0) throw new Error("always");
    });
    await expect.poll(() => runs["fails"]?.at(-1), { timeout: 30_000 }).toBe("5#1");
    await expect.poll(() => runs["dies"]?.at(-1), { timeout: 30_000 }).toBe("5#1");
    // Usually this key ends first. Moto may also deliver its last message last, since it is the last one of the queue.
    await expect.poll(() => runs["works"]?.at(-1), { timeout: 30_000 }).toBe("5#1");
    await worker.close();

    expect(runs["works"]).toEqual(["0#1", "1#1", "2#1", "3#1", "4#1", "5#1"]);
    expect(runs["fails"]).toEqual(["0#1", "1#1", "1#2", "1#3", "2#1", "3#1", "4#1", "5#1"]);
    expect(runs["dies"]).toEqual(["0#1", "0#2", "0#3", "1#1", "2#1", "3#1", "4#1", "5#1"]);
    expect(await pubsub.deadLetters(subscription).count()).toBe(1);
    await pubsub.destroy([topic, subscription]);
  }, 60_000);
});
