import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it, vi } from "vitest";
import { testPubSub } from "@anytopic/testing";
// oxlint-disable-next-line no-unassigned-import -- it adds the matchers to expect
import "@anytopic/testing/vitest";

const Orders = defineTopic<number>("orders");
const Ship = defineSubscription(Orders, "ship");

/** A program that connects by itself, as in production. */
async function program(
  handled: number[],
  ...given: Parameters<typeof connect>
): Promise<{ placeOrder: (n: number) => Promise<string> }> {
  const pubsub = await connect(...given);
  await pubsub.subscribe(Ship, (order) => void handled.push(order));
  return { placeOrder: async (n) => await pubsub.publish(Orders, n) };
}

describe("a program that connects by itself", () => {
  it.for([
    ["a URL", ["amqp://user:secret@nowhere.invalid"]],
    ["an adapter", [memory()]],
    ["options only", [{ closeTimeoutMs: 1 }]],
    ["nothing", []],
  ] as const)("reaches the test's broker: %s", async ([, given]) => {
    await using kit = await testPubSub("run");
    const handled: number[] = [];
    const { placeOrder } = await kit.run(() => program(handled, ...(given as unknown as Parameters<typeof connect>)));
    expect(await placeOrder(7)).toBe("run/orders/1");
    expect(kit).toHavePublished(Orders, 7);
    expect(handled).toEqual([]);
    expect(await kit.runToQuiescence()).toMatchObject([{ outcome: "acked" }]);
    expect(handled).toEqual([7]);
  });

  it("reaches it by the variable ANYTOPIC_URL, and by a configuration with several connections", async () => {
    vi.stubEnv("ANYTOPIC_URL", "nats://nowhere.invalid");
    const config = {
      default: "default",
      connections: { default: { url: "nats://nowhere.invalid" }, other: { url: "aws://eu-west-1" } },
      topics: { orders: { connection: "other" } },
    };
    for (const given of [[], [{ config }]] as unknown as Parameters<typeof connect>[]) {
      await using kit = await testPubSub("run");
      const handled: number[] = [];
      const { placeOrder } = await kit.run(() => program(handled, ...given));
      await placeOrder(1);
      await kit.runToQuiescence();
      expect(handled).toEqual([1]);
    }
  });

  it("is not disturbed by another test, and what runs in none connects as ever", async () => {
    await using a = await testPubSub("a");
    await using b = await testPubSub("b");
    const [first, second] = await Promise.all([a.run(() => program([])), b.run(() => program([]))]);
    await first.placeOrder(1);
    await second.placeOrder(2);
    expect([a.published(Orders), b.published(Orders)]).toMatchObject([[{ event: 1 }], [{ event: 2 }]]);
    await using real = await connect("memory:");
    await real.publish(Orders, 3);
    expect([a.published(Orders).length, b.published(Orders).length]).toEqual([1, 1]);
  });
});
