// One scenario for every test runner.
import { setTimeout as realPause } from "node:timers/promises";
import { defineSubscription, defineTopic } from "@anytopic/core";
import type { TestPubSub } from "@anytopic/testing";

export const Orders = defineTopic<{ readonly order: string }>("orders");
export const Ship = defineSubscription(Orders, "ship", { ackDeadlineMs: 1000 });

/** Publishes one order, which is shipped in the third attempt. Returns its id, and how the attempts ended. */
export async function shipOrder(kit: TestPubSub): Promise<readonly string[]> {
  await kit.pubsub.subscribe(Ship, async (_, { attempt, signal }) => {
    await realPause(20);
    if (signal.aborted || attempt < 3) throw new Error(signal.aborted ? "aborted" : "not yet");
  });
  const id = await kit.pubsub.publish(Orders, { order: "a" });
  const ended = await kit.runToQuiescence();
  return [id, ...ended.map(({ attempt, outcome, delayMs }) => `${attempt} ${outcome} ${delayMs ?? ""}`.trim())];
}

/** After the id. */
export const expected: readonly string[] = ["1 retried 10000", "2 retried 20000", "3 acked"];
