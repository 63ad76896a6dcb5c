import { startBrokerOrSkip } from "@anytopic/brokers";
import { type Harness, isFailure, killers, runConformance, type BehaviourResult } from "@anytopic/conformance";
import type { Adapter, Driver } from "@anytopic/core/driver";
import { afterAll, describe, expect, test } from "vitest";
import { createHarness } from "./harness.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";

const SEED = 1;
const STEAL_MS = 200;

type Saboteur = Parameters<typeof killers>[1];

function changed(adapter: Adapter, changes: (driver: Driver) => Partial<Driver>): Adapter {
  return {
    ...adapter,
    async open(context, signal) {
      const driver = await adapter.open(context, signal);
      return { ...driver, ...changes(driver) };
    },
  };
}

/** The mistakes that adapters for Redis Streams make of their own. */
function saboteursOf(client: PlainClient): readonly Saboteur[] {
  return [
    {
      name: "trimmed-stream",
      wrong: "the stream is trimmed by its length when something is published, whoever has not read it",
      killedBy: ["delivery.slow-neighbour"],
      sabotage: (adapter) =>
        changed(adapter, (driver) => ({
          async openPublisher(topic) {
            const publisher = await driver.openPublisher(topic);
            return {
              sizeOf: publisher.sizeOf.bind(publisher),
              close: publisher.close.bind(publisher),
              publish(batch) {
                publisher.publish(batch);
                void client.send("XTRIM", topic.physicalName, "MAXLEN", "50");
              },
            };
          },
        })),
    },
    {
      name: "stolen-entry",
      wrong: "what is pending is claimed by another consumer while its worker still renews the lease",
      killedBy: ["delivery.lease-extension"],
      sabotage: (adapter) =>
        changed(adapter, (driver) => ({
          async openSubscriber(subscription, sink, options) {
            const subscriber = await driver.openSubscriber(subscription, sink, options);
            const from = [subscription.topic.physicalName, subscription.physicalName, "thief"];
            const timer = setInterval(() => void client.send("XAUTOCLAIM", ...from, "0", "0-0", "JUSTID"), STEAL_MS);
            return {
              extend: subscriber.extend.bind(subscriber),
              stop: subscriber.stop.bind(subscriber),
              async close(timeoutMs) {
                clearInterval(timer);
                await subscriber.close(timeoutMs);
              },
            };
          },
        })),
    },
  ];
}

const broker = await startBrokerOrSkip("redis");

describe.skipIf(broker === undefined)("saboteurs", async () => {
  if (broker === undefined) return;
  const whole = await createHarness(broker);
  // Impatient, because what a saboteur breaks is mostly waited for in vain.
  const harness: Harness = { ...whole, slack: { ...whole.slack, deliveryMs: 6000 } };
  const client = await plainClient(broker.url);
  const saboteurs = saboteursOf(client);
  afterAll(async () => {
    await client.close();
    await harness.close();
  });

  test.each(saboteurs.map((saboteur) => [saboteur.name, saboteur] as const))(
    "%s is caught",
    { timeout: 120_000 },
    async (_, saboteur) => {
      const results: readonly BehaviourResult[] = await killers(harness, saboteur, SEED);
      expect(results.filter(({ outcome }) => outcome !== "failed")).toEqual([]);
      expect(results).toHaveLength(saboteur.killedBy.length);
    },
  );

  test("the right adapter passes what catches them", { timeout: 120_000 }, async () => {
    const only = saboteurs.flatMap(({ killedBy }) => killedBy);
    const { results } = await runConformance(harness, { only, seed: SEED });
    expect(results.filter(isFailure)).toEqual([]);
    expect(results).toHaveLength(only.length);
  });
});
