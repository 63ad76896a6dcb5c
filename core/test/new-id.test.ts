import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it } from "vitest";

const Orders = defineTopic<number>("orders");
const Worker = defineSubscription(Orders, "worker");

describe("newId", () => {
  it("makes the ids of all publishes that were given none", async () => {
    const seen: string[] = [];
    let made = 0;
    await using pubsub = await connect(memory(), { newId: (topic) => `${topic}/${(made += 1)}` });
    const done = Promise.withResolvers<void>();
    await pubsub.subscribe(Worker, (_, { id }) => {
      if (seen.push(id) === 4) done.resolve();
    });
    expect(await pubsub.publish(Orders, 1)).toBe("orders/1");
    expect(await pubsub.publish(Orders, 2, { id: "mine" })).toBe("mine");
    const batch = await pubsub.publishBatch(Orders, [{ event: 3 }, { event: 4 }]);
    expect(batch).toEqual([
      { ok: true, id: "orders/2" },
      { ok: true, id: "orders/3" },
    ]);
    await done.promise;
    expect(seen).toEqual(["orders/1", "mine", "orders/2", "orders/3"]);
  });

  it("rejects the publish whose id is not allowed, and names newId", async () => {
    await using pubsub = await connect(memory(), { newId: () => "with space" });
    await expect(pubsub.publish(Orders, 1)).rejects.toThrow(
      new TypeError(
        "the id that newId returned is 'with space': must be 1 to 128 printable ASCII characters without spaces",
      ),
    );
  });

  it("refuses anything but a function", async () => {
    // @ts-expect-error -- a wrong type on purpose
    await expect(connect(memory(), { newId: "uuid" })).rejects.toThrow(
      "newId is 'uuid': must be a function that returns an id",
    );
  });
});
