import { defineSubscription, defineTopic } from "@anytopic/core";
import { expect, it } from "vitest";
import { testPubSub } from "@anytopic/testing";

const Orders = defineTopic<number>("orders");
const European = defineSubscription(Orders, "european", { filter: { region: "eu" } });

it("the test's broker applies filters as production does", async () => {
  await using kit = await testPubSub("filters");
  const { pubsub } = kit;
  const handled: number[] = [];
  await pubsub.subscribe(European, (order) => void handled.push(order));
  await pubsub.publish(Orders, 1, { attributes: { region: "us" } });
  await pubsub.publish(Orders, 2, { attributes: { region: "eu" } });
  await pubsub.publish(Orders, 3);
  const ended = await kit.runToQuiescence();
  expect(handled).toEqual([2]);
  expect(ended).toMatchObject([{ outcome: "acked" }]);
  expect(await pubsub.stats(European)).toMatchObject({ waiting: 0, inFlight: 0, deadLetters: 0 });
});
