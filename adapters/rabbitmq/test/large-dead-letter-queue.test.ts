import { randomUUID } from "node:crypto";
import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, describe, expect, test } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("rabbitmq");

describe.skipIf(broker === undefined)("a dead-letter queue of more letters than a pass holds", () => {
  afterAll(async () => await broker?.close());

  test("is walked through to its end, and what the filter leaves stays", { timeout: 180_000 }, async () => {
    const Orders = defineTopic<{ n: number }>(`large-${randomUUID().slice(0, 8)}`);
    const Ledger = defineSubscription(Orders, "ledger", { maxConcurrency: 500 });
    const { url } = broker as Broker;
    await using pubsub = await connect(rabbitmq({ url }));
    await pubsub.apply([Ledger]);
    try {
      await using worker = await pubsub.subscribe(Ledger, ({ n }) => {
        throw new Reject(n < 10_500 ? "other" : "chosen");
      });
      const published = Array.from({ length: 10_520 }, (_, n) => pubsub.publish(Orders, { n }));
      await Promise.all(published);
      const letters = pubsub.deadLetters(Ledger);
      await expect.poll(() => letters.count(), { timeout: 120_000, interval: 500 }).toBe(10_520);
      await worker.close();
      let seen = 0;
      const onProgress = (_done: number, seenSoFar: number): void => void (seen = seenSoFar);
      expect(await letters.redrive({ filter: ({ errorMessage }) => errorMessage === "chosen", onProgress })).toBe(20);
      // Each once, and no copy of a letter that was moved.
      expect(seen).toBe(10_520);
      await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(10_500);
      const ids = new Set((await letters.peek({ limit: 1000 })).map(({ id }) => id));
      expect(ids.size).toBe(1000);
    } finally {
      await pubsub.destroy([Orders, Ledger]);
    }
  });
});
