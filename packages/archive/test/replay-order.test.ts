import { fileArchive, replay, type ReplayResult } from "@anytopic/archive";
import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import type { OutgoingMessage } from "@anytopic/core/driver";
import { forwardDeadLetters, forwardDriver, intercept } from "@anytopic/core/intercept";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";
import { message, ownFolder } from "./messages.ts";

const Orders = defineTopic<string>("orders", { orderingKey: () => "k" });
const Bill = defineSubscription(Orders, "bill");
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A broker that confirms a message when the test says so. */
async function opened(confirm: (message: OutgoingMessage) => Promise<void>): Promise<PubSub> {
  const adapter = intercept(memory(), (driver) =>
    forwardDriver(driver, {
      async openDeadLetters(subscription) {
        const letters = await driver.openDeadLetters(subscription);
        return forwardDeadLetters(letters, { redeliver: confirm });
      },
    }),
  );
  const pubsub = await connect(adapter, { declarations: [Bill] });
  onTestFinished(async () => await pubsub.close());
  return pubsub;
}

/** Messages 0 to 29 of three keys. */
async function thirty(): Promise<ReturnType<typeof fileArchive>> {
  const store = fileArchive(await ownFolder());
  onTestFinished(async () => await store.close());
  await store.append(Array.from({ length: 30 }, (_, n) => message(n, { orderingKey: `k${n % 3}` })));
  return store;
}

test("a message is sent when the one before it, of the same key, was confirmed; other keys do not wait", async () => {
  const store = await thirty();
  const running = new Map<string, number>();
  const ends: string[] = [];
  let most = 0;
  const pubsub = await opened(async ({ id, orderingKey = "" }) => {
    running.set(orderingKey, (running.get(orderingKey) ?? 0) + 1);
    expect(running.get(orderingKey)).toBe(1);
    most = Math.max(
      most,
      [...running.values()].reduce((sum, count) => sum + count, 0),
    );
    // Earlier messages take longer.
    for (let turns = 40 - Number(id.slice(1)); turns > 0; turns -= 1) await turn();
    running.set(orderingKey, 0);
    ends.push(id);
  });
  expect(await replay(pubsub, Bill, store)).toMatchObject({ sent: 30 });
  expect(most).toBe(3);
  for (const key of [0, 1, 2]) {
    const numbers = ends.map((id) => Number(id.slice(1))).filter((n) => n % 3 === key);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  }
});

test("behind a failure nothing of its key is sent, and what was on its way ends first", async () => {
  const store = await thirty();
  const sent: string[] = [];
  const pubsub = await opened(async ({ id }) => {
    for (let turns = id === "m10" ? 5 : 1; turns > 0; turns -= 1) await turn();
    if (id === "m9") throw new Error("refused");
    sent.push(id);
  });
  let last: ReplayResult | undefined;
  const onProgress = (progress: ReplayResult): void => void (last = progress);
  await expect(replay(pubsub, Bill, store, { onProgress })).rejects.toThrow("refused");
  const count = sent.length;
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect(sent).toHaveLength(count);
  expect(sent.map((id) => Number(id.slice(1))).filter((n) => n % 3 === 0)).toEqual([0, 3, 6]);
  expect(sent).toContain("m10");
  expect(last?.position?.getTime()).toBeLessThanOrEqual(message(9).publishTimeMs);
});

test("maxPending bounds what is on its way", async () => {
  const store = await thirty();
  let running = 0;
  let most = 0;
  const pubsub = await opened(async () => {
    running += 1;
    most = Math.max(most, running);
    await turn();
    running -= 1;
  });
  await replay(pubsub, Bill, store, { maxPending: 2 });
  expect(most).toBe(2);
});
