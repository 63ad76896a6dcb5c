import { deepEqual, rejects } from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { assertPublished, testPubSub } from "@anytopic/testing";
import { expected, Orders, shipOrder } from "./scenario.ts";

void describe("the kit in node:test", () => {
  void test("runs a scenario", async (t) => {
    const kit = await testPubSub(t);
    deepEqual(await shipOrder(kit), ["the-kit-in-node:test->-runs-a-scenario/orders/1", ...expected]);
    assertPublished(kit, Orders, { order: "a" });
  });

  void test("runs a scenario with mocked timers", async () => {
    mock.timers.enable();
    try {
      const kit = await testPubSub("mocked");
      deepEqual(await shipOrder(kit), ["mocked/orders/1", ...expected]);
      await kit.close();
    } finally {
      mock.timers.reset();
    }
  });

  void test("fails with a table", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.publish(Orders, { order: "b" });
    await rejects(async () => assertPublished(kit, Orders, { order: "a" }), /'b'/);
  });
});

void test("FAILS: a fault that no message met", async (t) => {
  const kit = await testPubSub(t);
  kit.faults.failPublish(Orders);
});
