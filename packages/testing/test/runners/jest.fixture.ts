import { describe, expect, jest, test } from "@jest/globals";
import { testPubSub } from "@anytopic/testing";
// oxlint-disable-next-line no-unassigned-import -- it adds the matchers to expect
import "@anytopic/testing/jest";
import { expected, Orders, Ship, shipOrder } from "./scenario.ts";

describe("the kit in jest", () => {
  test("runs a scenario", async () => {
    await using kit = await testPubSub();
    expect(await shipOrder(kit)).toEqual(["the-kit-in-jest-runs-a-scenario/orders/1", ...expected]);
    expect(kit).toHavePublished(Orders, { order: "a" }, { times: 1 });
    expect(kit.pubsub).toHaveHandled(Ship, { order: expect.any(String) as unknown as string });
    expect(kit).not.toHaveDeadLettered(Ship);
  });

  test("runs a scenario with fake timers", async () => {
    jest.useFakeTimers();
    try {
      const kit = await testPubSub("fake");
      expect(await shipOrder(kit)).toEqual(["fake/orders/1", ...expected]);
      await kit.close();
    } finally {
      jest.useRealTimers();
    }
  });
});

test("FAILS: nothing like this was published", async () => {
  await using kit = await testPubSub();
  await kit.pubsub.publish(Orders, { order: "b" });
  expect(kit).toHavePublished(Orders, { order: "a" });
});
