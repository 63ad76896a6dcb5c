import { setImmediate as nextTurn } from "node:timers/promises";
import { VirtualClock } from "@anytopic/core";
import { PubSubError } from "@anytopic/core/driver";
import { expect, test } from "vitest";
import type { RedisDelivery } from "../src/delivery.ts";
import type { WorkerScripts } from "../src/receive/worker-scripts.ts";
import type { WorkerSetup } from "../src/receive/worker-setup.ts";
import { SettleBatcher } from "../src/settle/settle-batcher.ts";

const lost = new PubSubError("UNAVAILABLE", "the connection to Redis was lost");
const full = new PubSubError("RESOURCE_EXHAUSTED", "the server cannot write its data to disk");
const deleted = new PubSubError("NOT_FOUND", "there is no such group");

/** A batcher whose script gives `answers`, one a call: an error, or what the server says of each settle. */
function batcherOf(answers: (PubSubError | readonly number[])[]) {
  const clock = new VirtualClock();
  let reconnected = (): void => {};
  const onReconnected = (listener: () => void): (() => void) => {
    reconnected = listener;
    return () => {};
  };
  const connection = { connected: true, context: { clock }, onReconnected };
  /** The places of each call. */
  const calls: (readonly unknown[])[] = [];
  const run = async (_script: unknown, [, ...args]: readonly unknown[]): Promise<unknown> => {
    calls.push(args.filter((_, index) => index % 4 === 1));
    const answer = answers.shift() ?? [];
    if (!(answer instanceof PubSubError)) return answer;
    connection.connected = answer.code !== "UNAVAILABLE";
    throw answer;
  };
  const setup = { connection, names: { group: "mail" } } as unknown as WorkerSetup;
  const batcher = new SettleBatcher(setup, { run } as unknown as WorkerScripts, () => {});
  const reconnect = async (): Promise<void> => {
    // The loss is handled by then.
    await nextTurn();
    connection.connected = true;
    reconnected();
  };
  return { batcher, calls, clock, reconnect };
}

const deliveryAt = (place: string): RedisDelivery => ({ place }) as unknown as RedisDelivery;

test("settles that were lost with their connection are sent again after the reconnect, in their order", async () => {
  const { batcher, calls, reconnect } = batcherOf([lost, [1, 1, 1]]);
  const settled = Promise.all(["a", "b"].map((place) => batcher.settle("A", deliveryAt(place))));
  await expect.poll(() => calls).toEqual([["a", "b"]]);
  const late = batcher.settle("R", deliveryAt("c"));
  expect(batcher.places()).toEqual(["a", "b", "c"]);
  await reconnect();
  await Promise.all([settled, late]);
  expect(calls).toEqual([
    ["a", "b"],
    ["a", "b", "c"],
  ]);
  expect(batcher.size).toBe(0);
});

test("the outcome is unknown when the message is no longer this worker's after a reconnect, and its lease is lost before", async () => {
  const { batcher, calls, reconnect } = batcherOf([[0], lost, [0]]);
  await expect(batcher.settle("A", deliveryAt("a"))).rejects.toMatchObject({ code: "LEASE_LOST" });
  const again = batcher.settle("A", deliveryAt("b")).catch((error: unknown) => error);
  await expect.poll(() => calls).toHaveLength(2);
  await reconnect();
  expect(await again).toMatchObject({ code: "UNAVAILABLE" });
});

test("settles that the server could not store are sent again after a rest", async () => {
  const { batcher, calls, clock } = batcherOf([full, [0]]);
  const settled = batcher.settle("R", deliveryAt("a")).catch((error: unknown) => error);
  await expect.poll(() => clock.pending).toBe(1);
  expect(calls).toHaveLength(1);
  await clock.advance(200);
  // The first call did nothing, so this answer is certain.
  expect(await settled).toMatchObject({ code: "LEASE_LOST" });
  expect(calls).toEqual([["a"], ["a"]]);
});

test("nothing of a subscription that was deleted is this worker's any more", async () => {
  const { batcher } = batcherOf([deleted]);
  await expect(batcher.settle("A", deliveryAt("a"))).rejects.toMatchObject({ code: "LEASE_LOST" });
  await batcher.flushed();
});
