import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "@anytopic/core";
import { expect, test } from "vitest";
import type { RabbitmqDelivery } from "../src/delivery.ts";
import { inOrder, Takeover } from "../src/ordering/takeover.ts";
import type { Session } from "../src/receive/session.ts";

const delivery = (orderingKey: string | undefined, order: number, acquired = 1): RabbitmqDelivery => {
  const native = { fields: { redelivered: acquired > 0 } };
  return { orderingKey, order, acquired, native } as unknown as RabbitmqDelivery;
};
const orders = (deliveries: readonly RabbitmqDelivery[]): number[] => deliveries.map(({ order }) => order);

test("a retried message goes before its successors again, in the places of its key", () => {
  const given = [delivery("b", 20), delivery("a", 2), delivery("a", 3), delivery("b", 21), delivery("a", 1, 2)];
  expect(orders(inOrder(given))).toEqual([20, 1, 2, 21, 3]);
});

test("a key that was only given back once stays as it is, whatever the publishers' clocks say", () => {
  expect(orders(inOrder([delivery("a", 2), delivery("a", 1), delivery(undefined, 0, 5)]))).toEqual([2, 1, 0]);
});

test("messages without a key, and those of publishers that do not tell their order, keep their places", () => {
  const given = [delivery("a", 2), delivery("a", 0, 2), delivery("a", 1, 2), delivery(undefined, 5, 2)];
  expect(orders(inOrder([...given, delivery(undefined, 3, 2)]))).toEqual([1, 0, 2, 5, 3]);
});

const PREFETCH = 5;

/** A takeover on a queue that answers with `answer`, and what it delivers, one array for each time. */
function takeoverOf(prefetch = PREFETCH) {
  const clock = new VirtualClock();
  const delivered: number[][] = [];
  const queue = { questions: 0, answer: (): Promise<number> => Promise.resolve(0) };
  const readyCount = (): Promise<number> => {
    queue.questions += 1;
    return queue.answer();
  };
  const session = { clock, readyCount } as unknown as Session<RabbitmqDelivery>;
  const takeover = new Takeover(session, prefetch, (deliveries) => delivered.push(orders(deliveries)));
  const take = (order: number, acquired?: number): boolean => takeover.take(delivery("a", order, acquired));
  return { take, queue, clock, delivered };
}

test("nothing that the last worker had is delivered before all of it is there, then once, and in order", async () => {
  const { take, queue, delivered } = takeoverOf();
  const { promise, resolve } = Promise.withResolvers<number>();
  queue.answer = () => promise;
  // Each is kept: a message that was not kept would be handled before the ones that come after it.
  expect([take(2), take(3), take(1, 2)]).toEqual([true, true, true]);
  await nextTurn();
  expect(delivered).toEqual([]);
  expect(queue.questions).toBe(1);
  resolve(0);
  await nextTurn();
  expect(delivered).toEqual([[1, 2, 3]]);
  expect([take(4), take(5, 0)]).toEqual([false, false]);
  expect(delivered).toEqual([[1, 2, 3]]);
});

test("a message that no worker had is delivered after all that the last one had", async () => {
  const { take, clock, delivered } = takeoverOf();
  expect([take(2), take(1, 2), take(3, 0)]).toEqual([true, true, false]);
  expect(delivered).toEqual([[1, 2]]);
  await clock.advance(10_000);
  expect(delivered).toEqual([[1, 2]]);
});

test("a queue without messages of another worker is not asked", () => {
  const { take, queue, delivered } = takeoverOf();
  expect(take(1, 0)).toBe(false);
  expect([queue.questions, delivered]).toEqual([0, [[]]]);
});

test("while the queue has more messages it is asked again, for at most five seconds", async () => {
  const { take, queue, clock, delivered } = takeoverOf();
  queue.answer = () => Promise.resolve(1);
  take(2);
  take(1, 2);
  await clock.advance(4900);
  expect(queue.questions).toBeGreaterThan(1);
  expect(delivered).toEqual([]);
  await clock.advance(200);
  expect(delivered).toEqual([[1, 2]]);
  expect(clock.pending).toBe(0);
});

test("when the worker can have no more messages, nothing else is waited for", async () => {
  const { take, queue, clock, delivered } = takeoverOf(2);
  queue.answer = () => Promise.resolve(1);
  take(2);
  take(1, 2);
  await clock.advance(100);
  expect(delivered).toEqual([[1, 2]]);
});

test("what was gathered is lost with its channel", async () => {
  const { take, queue, delivered } = takeoverOf();
  queue.answer = () => Promise.reject(new Error("the channel was closed"));
  expect(take(1)).toBe(true);
  await nextTurn();
  expect(take(2, 0)).toBe(false);
  expect(delivered).toEqual([]);
});
