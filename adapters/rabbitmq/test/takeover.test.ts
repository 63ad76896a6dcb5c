import { expect, test } from "vitest";
import type { RabbitmqDelivery } from "../src/delivery.ts";
import { inOrder } from "../src/ordering/takeover.ts";

const delivery = (orderingKey: string | undefined, order: number, returns = 1): RabbitmqDelivery =>
  ({ orderingKey, order, returns }) as unknown as RabbitmqDelivery;
const orders = (deliveries: readonly RabbitmqDelivery[]): number[] => deliveries.map(({ order }) => order);

test("a retried message goes before its successors again, in the places of its key", () => {
  const given = [delivery("b", 20), delivery("a", 2), delivery("a", 3), delivery("b", 21), delivery("a", 1, 2)];
  expect(orders(inOrder(given))).toEqual([20, 1, 2, 21, 3]);
});

test("a key that was only given back once stays as it is, whatever the publishers' clocks say", () => {
  expect(orders(inOrder([delivery("a", 2), delivery("a", 1), delivery(undefined, 0, 5)]))).toEqual([2, 1, 0]);
});
