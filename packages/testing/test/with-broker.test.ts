import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { brokerImages } from "@anytopic/brokers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { testPubSub } from "@anytopic/testing";
import { type TestServer, withBroker } from "@anytopic/testing/containers";
import { refusalBy } from "./refused-message.ts";

const Orders = defineTopic<number>("orders");
const Ship = defineSubscription(Orders, "ship");

/** Publishes one number and waits until it is handled. */
async function roundTrip(pubsub: PubSub, order: number): Promise<number> {
  const handled = Promise.withResolvers<number>();
  await pubsub.subscribe(Ship, (event) => handled.resolve(event));
  await pubsub.publish(Orders, order);
  return await handled.promise;
}

describe.each(["nats", "rabbitmq", "redis", "aws", "gcp"] as const)(
  "withBroker(%s)",
  (kind) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await withBroker(kind, { provider: "native" });
    });
    afterAll(async () => {
      await server.close();
    });

    test("gives each test a broker that it shares with nobody", async (t) => {
      const pubsubs = await Promise.all([1, 2, 3].map(() => server.connect(t)));
      expect(await Promise.all(pubsubs.map((pubsub, order) => roundTrip(pubsub, order)))).toEqual([0, 1, 2]);
    });

    test("refuses what a kit like it refuses, with the same error", async (t) => {
      const kit = await testPubSub(t, { like: kind });
      const [there, here] = [await refusalBy(kind, await server.connect(t)), await refusalBy(kind, kit.pubsub)];
      expect(there).toMatchObject({ code: "LIMIT_EXCEEDED" });
      expect(here).toMatchObject({ code: "LIMIT_EXCEEDED", message: (there as Error).message });
    });

    test("deletes what a test has created when its connection closes", async () => {
      const prefix = "clean";
      const pubsub = await server.connect(undefined, { prefix });
      await roundTrip(pubsub, 1);
      const missing = async (): Promise<number> => {
        await using other = await connect(server.url, { adapterOptions: { prefix }, provisioning: "off" });
        return (await other.plan([Orders, Ship])).filter(({ action }) => action === "create").length;
      };
      expect(await missing()).toBe(0);
      await pubsub.close();
      expect(await missing()).toBeGreaterThan(0);
    });

    // These emulators keep nothing when they stop.
    test.skipIf(kind === "aws" || kind === "gcp")("can kill the broker and start it again", async (t) => {
      const pubsub = await server.connect(t);
      await roundTrip(pubsub, 1);
      await server.broker.kill?.();
      await vi.waitFor(() => expect(pubsub.health().status).not.toBe("up"), { timeout: 10_000 });
      await server.broker.start?.();
      await vi.waitFor(() => expect(pubsub.health().status).toBe("up"), { timeout: 60_000 });
      await pubsub.publish(Orders, 2);
    });
  },
  120_000,
);

test("the images are listed", () => {
  expect(Object.keys(brokerImages())).toEqual(["nats", "rabbitmq", "redis", "aws", "gcp"]);
});
