import { expect, test } from "vitest";
import type { NatsDelivery } from "../src/delivery.ts";
import { OrderedBuffer } from "../src/ordering/ordered-buffer.ts";

const delivery = (streamSequence: number, orderingKey?: string): NatsDelivery =>
  ({ streamSequence, orderingKey }) as unknown as NatsDelivery;

function bufferOf(...deliveries: readonly NatsDelivery[]): OrderedBuffer {
  const buffer = new OrderedBuffer();
  for (const one of deliveries) buffer.add(one);
  return buffer;
}

const taken = (buffer: OrderedBuffer, room: number, nowMs = 0): number[] =>
  buffer.take(room, nowMs).map(({ streamSequence }) => streamSequence);

test("takes as many as there is room for, in the order of publishing", () => {
  const buffer = bufferOf(delivery(3, "a"), delivery(1, "a"), delivery(2, "b"));
  expect(taken(buffer, 0)).toEqual([]);
  expect(taken(buffer, 2)).toEqual([1, 2]);
  expect(buffer.size).toBe(1);
  expect(taken(buffer, 2)).toEqual([3]);
});

test("keeps back a key of which a message is awaited, until the last of them has arrived", () => {
  const buffer = bufferOf(delivery(4, "a"), delivery(5, "b"));
  for (const sequence of [2, 3]) buffer.await(delivery(sequence, "a"), 0, 0);
  expect(buffer.isFree(delivery(6, "a"))).toBe(false);
  expect(taken(buffer, 9)).toEqual([5]);
  buffer.arrived(delivery(2, "a"));
  buffer.add(delivery(2, "a"));
  expect(taken(buffer, 9)).toEqual([]);
  buffer.arrived(delivery(3, "a"));
  buffer.add(delivery(3, "a"));
  expect(taken(buffer, 9)).toEqual([2, 3, 4]);
});

test("a retry without a key starts when it is due, and holds up no other", () => {
  const buffer = bufferOf(delivery(2));
  buffer.await(delivery(1), 0, 100);
  buffer.arrived(delivery(1));
  buffer.add(delivery(1));
  expect([buffer.ready, buffer.nextDueMs]).toEqual([1, 100]);
  expect(taken(buffer, 9, 99)).toEqual([2]);
  expect(taken(buffer, 9, 100)).toEqual([1]);
});
