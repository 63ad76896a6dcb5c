import { connect, defineSubscription, defineTopic, Reject, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";

const Orders = defineTopic<{ n: number }>("orders");
const Ledger = defineSubscription(Orders, "ledger");

test(
  "a filtered redrive and purge find 20 letters behind 10,500 others, and leave those",
  { timeout: 60_000 },
  async () => {
    await using pubsub = await connect(memory());
    await pubsub.apply([Ledger]);
    await using worker = await pubsub.subscribe(Ledger, ({ n }) => {
      throw new Reject(n < 10_500 ? "other" : n < 10_520 ? "redrive" : "purge");
    });
    for (let n = 0; n < 10_540; n += 1) void pubsub.publish(Orders, { n });
    const letters = pubsub.deadLetters(Ledger);
    await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(10_540);
    await worker.close();
    expect(await letters.redrive({ filter: ({ errorMessage }) => errorMessage === "redrive" })).toBe(20);
    expect(await letters.count()).toBe(10_520);
    expect(await letters.purge({ filter: ({ errorMessage }) => errorMessage === "purge" })).toBe(20);
    expect(await letters.count()).toBe(10_500);
    expect(await letters.redrive({ filter: () => true })).toBe(10_500);
    expect(await letters.count()).toBe(0);
  },
);

test("redrive takes each letter once, though all fail again in the millisecond in which it began", async () => {
  await using pubsub = await connect(memory(), { clock: new VirtualClock() });
  await pubsub.apply([Ledger]);
  await using worker = await pubsub.subscribe(Ledger, () => {
    throw new Reject("still");
  });
  for (let n = 0; n < 30; n += 1) void pubsub.publish(Orders, { n });
  const letters = pubsub.deadLetters(Ledger);
  await expect.poll(() => letters.count()).toBe(30);
  expect(await letters.redrive()).toBe(30);
  await expect.poll(() => letters.count()).toBe(30);
  await worker.close();
});
