import { connect, PubSubError } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";
import type { CostOverview } from "../../src/api/cost.ts";
import { dashboard, type Dashboard, type DashboardOptions } from "../../src/index.ts";
import { observed, read, shop } from "../shop.ts";

function opened(options: Omit<DashboardOptions, "authorize">): Dashboard {
  const handler = dashboard({ ...options, authorize: () => ({ user: "test" }) });
  onTestFinished(async () => await handler.close());
  return handler;
}

test("what was observed since the first event: messages, bytes of bodies, retries, times of handlers", async () => {
  const { Orders, Mail, declarations } = shop();
  const feed = observed();
  await using pubsub = await connect(memory(), { declarations, observer: feed.observe });
  const handler = opened({ pubsub, declarations, events: feed });
  expect(await read<CostOverview>(handler, "cost")).toMatchObject({ measured: null, observed: true });
  const worker = await pubsub.subscribe(Mail, ({ total }) => {
    if (total === 1) throw new Error("once more");
  });
  onTestFinished(async () => await worker.close());
  const before = Date.now();
  for (const total of [1, 2, 3]) await pubsub.publish(Orders, { total });
  const subscriptions = [{ topic: Orders.name, subscription: "mail", retries: 1, handled: 2 }];
  await expect
    .poll(async () => (await read<CostOverview>(handler, "cost")).measured)
    // {"total":1} has 11 bytes; the id that the adapter counts too is taken off.
    .toMatchObject({ topics: [{ topic: Orders.name, messages: 3, bytes: 11 }], subscriptions });
  const { measured, topics } = await read<CostOverview>(handler, "cost");
  expect(measured?.sinceMs).toBeGreaterThanOrEqual(before);
  expect(measured?.measuredMs).toBeLessThanOrEqual(Date.now() - before + 50);
  expect(measured?.subscriptions[0]?.handlingMs).toBeGreaterThanOrEqual(0);
  expect(topics).toMatchObject([
    {
      name: Orders.name,
      ordered: false,
      isText: true,
      subscriptions: [
        { name: "mail", filtered: false },
        { name: "stock", filtered: true },
      ],
    },
  ]);
});

test("answers while the broker is away", async () => {
  const { Orders, declarations } = shop();
  const pubsub = async () => await Promise.reject(new PubSubError("UNAVAILABLE", "no broker"));
  const { topics, measured, observed } = await read<CostOverview>(opened({ pubsub, declarations }), "cost");
  expect({ names: topics.map(({ name }) => name), measured, observed }).toEqual({
    names: [Orders.name],
    measured: null,
    observed: false,
  });
});
