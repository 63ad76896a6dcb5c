import { defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { describe, expect, it } from "vitest";
import { assertDeadLettered, assertHandled, assertPublished, testPubSub, type TestPubSub } from "@anytopic/testing";
// oxlint-disable-next-line no-unassigned-import -- it adds the matchers to expect
import "@anytopic/testing/vitest";

const Orders = defineTopic<{ order: string; lines: { item: string; count: number }[] }>("orders");
const Ship = defineSubscription(Orders, "ship", { retryPolicy: { maxRetries: 1 } });

async function scenario(): Promise<TestPubSub> {
  const kit = await testPubSub("m");
  await kit.pubsub.subscribe(Ship, ({ order }, { attempt }) => {
    if (order === "bad") throw new Reject("no such item");
    if (attempt === 1 && order === "slow") throw new Error("not yet");
  });
  for (const order of ["good", "bad", "slow"]) {
    await kit.pubsub.publish(Orders, { order, lines: [{ item: "mouse", count: 1 }] });
  }
  await kit.runToQuiescence();
  return kit;
}

describe("matchers", () => {
  it("pass for what happened, on the kit and on its PubSub", async () => {
    await using kit = await scenario();
    expect(kit).toHavePublished(Orders);
    expect(kit.pubsub).toHavePublished(Orders, { order: "good" }, { times: 1 });
    expect(kit).toHavePublished(Orders, { lines: expect.arrayContaining([{ item: "mouse", count: 1 }]) as never });
    expect(kit).toHavePublished(Orders, ({ lines }) => lines[0]?.count === 1, { times: 3 });
    expect(kit).not.toHavePublished(Orders, { order: "none" });
    expect(kit).not.toHavePublished(Orders, { lines: [{ item: "mouse", count: 2 }] });
    expect(kit).toHaveHandled(Ship, undefined, { times: 2 });
    expect(kit).toHaveHandled(Ship, { order: "slow" }, { outcome: "retried", times: 1 });
    expect(kit).not.toHaveHandled(Ship, { order: "bad" });
    expect(kit).toHaveDeadLettered(Ship, { order: "bad" }, { because: "rejected" });
    expect(kit).not.toHaveDeadLettered(Ship, { order: "bad" }, { because: "retries-exhausted" });
    assertPublished(kit, Orders, { order: "good" });
    assertHandled(kit, Ship, { order: "good" });
    assertDeadLettered(kit, Ship, { order: "bad" });
  });

  it("fail with a table of what was published", async () => {
    await using kit = await scenario();
    const failed = (run: () => void): string => {
      try {
        run();
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error("it did not fail");
    };
    expect(failed(() => assertPublished(kit, Orders, { order: "none" }))).toMatchInlineSnapshot(`
      "expected at least one event with { order: 'none' }, that was published to topic "orders"; found 0

        id          event                                                      key  attributes
        m/orders/1  { order: 'good', lines: [ { item: 'mouse', count: 1 } ] }
        m/orders/2  { order: 'bad', lines: [ { item: 'mouse', count: 1 } ] }
        m/orders/3  { order: 'slow', lines: [ { item: 'mouse', count: 1 } ] }"
    `);
    expect(failed(() => expect(kit).toHavePublished(Orders, { order: "none" }))).toBe(
      failed(() => assertPublished(kit, Orders, { order: "none" })),
    );
    expect(failed(() => assertHandled(kit, Ship, { order: "bad" }))).toMatchInlineSnapshot(`
      "expected at least one event with { order: 'bad' }, that was handled by orders/ship, with the outcome "acked"; found 0

        time          id          attempt  outcome                   event                                                      error
        00:00:00.000  m/orders/1  1        acked                     { order: 'good', lines: [ { item: 'mouse', count: 1 } ] }
        00:00:00.000  m/orders/3  1        retried in 10000 ms       { order: 'slow', lines: [ { item: 'mouse', count: 1 } ] }  not yet
        00:00:00.000  m/orders/2  1        dead-lettered (rejected)  { order: 'bad', lines: [ { item: 'mouse', count: 1 } ] }   no such item
        00:00:10.000  m/orders/3  2        acked                     { order: 'slow', lines: [ { item: 'mouse', count: 1 } ] }"
    `);
    expect(failed(() => expect(kit).not.toHaveHandled(Ship))).toContain("expected not at least one event");
  });

  it("say when nothing was published, or nothing was handled yet", async (t) => {
    const kit = await testPubSub(t);
    await kit.pubsub.subscribe(Ship, () => {});
    expect(() => assertPublished(kit, Orders)).toThrow('nothing was published to topic "orders"');
    await kit.pubsub.publish(Orders, { order: "a", lines: [] });
    expect(() => assertHandled(kit, Ship)).toThrow("orders/ship has handled nothing; 1 messages wait for delivery");
  });

  it("refuse what is not a kit", () => {
    expect(() => expect({}).toHavePublished(Orders)).toThrow("neither the result of testPubSub nor its pubsub");
  });
});
