import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { startBrokerOrSkip } from "@anytopic/brokers";
import { createTcpProxy } from "@anytopic/conformance";
import { nats } from "@anytopic/nats";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectPlain } from "@nats-io/transport-node";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import type { Numbered } from "./ordered-declarations.ts";
import { OrderCheck } from "./simulation/order-check.ts";

const LEADER_LEASE_MS = 1000;
const KEYS = ["a", "b", "c", "d", "e"];

// Only a process of this machine can be frozen.
const broker = await startBrokerOrSkip("nats", { provider: "native" });

describe.skipIf(broker === undefined)("an ordered subscription while something stands still", () => {
  const url = broker?.url ?? "";

  afterAll(() => broker?.close());

  /** Opens workers, oldest first, and notes when one becomes active. */
  async function openWorkers(name: string, servers: readonly string[]): Promise<Scene> {
    const topic = defineTopic<Numbered>(name, { orderingKey: ({ key }) => key, deliveryGuarantee: "exactly-once" });
    const subscription = defineSubscription(topic, "worker", { ackDeadlineMs: 1000 });
    const check = new OrderCheck();
    const active: number[] = [];
    const workers: PubSub[] = [];
    const publisher = await connect(nats({ servers: url }), { declarations: [subscription] });
    for (const [worker, server] of servers.entries()) {
      const ignore = (): void => {};
      const info = (_fields: unknown, message?: string): void => {
        if (message?.startsWith("active worker") === true) active.push(worker);
      };
      const pubsub = await connect(nats({ servers: server, leaderLeaseMs: LEADER_LEASE_MS }), {
        logger: { debug: ignore, info, warn: ignore, error: ignore },
      });
      await pubsub.subscribe(subscription, async ({ key, number }, { attempt }) => {
        check.started(worker, key, number, attempt, performance.now());
        await new Promise((resolve) => setTimeout(resolve, 5));
        check.done(key, number);
      });
      workers.push(pubsub);
    }
    const publish = async (number: number, keys: readonly string[] = KEYS): Promise<void> => {
      await Promise.all(keys.map(async (key) => publisher.publish(topic, { key, number })));
    };
    const nc = await connectPlain({ servers: url });
    const jsm = await jetstreamManager(nc);
    const requests = async (): Promise<number> => (await jsm.consumers.info(name, "worker")).num_waiting;
    const close = async (): Promise<void> => {
      await Promise.all(workers.map(async (pubsub) => pubsub.close({ timeoutMs: 2000 })));
      await publisher.destroy([topic, subscription]);
      await publisher.close();
      await nc.close();
    };
    return { check, active, requests, publish, close };
  }

  test("the line of the active worker: what goes into it is not overtaken", { timeout: 60_000 }, async () => {
    const proxy = await createTcpProxy({ targetHost: broker?.host ?? "", targetPort: broker?.port ?? 0 });
    const scene = await openWorkers(`line-${Date.now().toString(36)}`, [`${proxy.host}:${proxy.port}`, url]);
    const { check, active, publish } = scene;
    await publish(1, ["a"]);
    await expect.poll(() => check.doneCount).toBe(1);
    const requests = await scene.requests();
    proxy.delay(4000);
    await expect.poll(() => active.at(-1), { timeout: 20_000 }).toBe(1);
    await expect.poll(() => scene.requests(), { timeout: 20_000 }).toBe(requests + 1);
    // The server answers requests in turn: these go to the former active worker first, and then to the new one.
    for (const number of [2, 3, 4, 5]) await publish(number, ["a"]);
    await expect.poll(() => check.doneCount, { timeout: 30_000 }).toBe(5);
    expect(check.violations).toEqual([]);
    await proxy.heal();
    await scene.close();
    await proxy.close();
  });

  test("the server, for longer than the lease, again and again", { timeout: 120_000 }, async () => {
    const scene = await openWorkers(`server-${Date.now().toString(36)}`, [url, url]);
    const { check, publish } = scene;
    onTestFinished(() => broker?.thaw?.());
    let number = 0;
    for (let cycle = 0; cycle < 5; cycle += 1) {
      const publishing = (async (): Promise<void> => {
        for (let count = 0; count < 20; count += 1) await publish(++number);
      })();
      await expect.poll(() => check.doneCount, { timeout: 30_000 }).toBeGreaterThan((number - 1) * KEYS.length * 0.9);
      await broker?.freeze?.();
      await new Promise((resolve) => setTimeout(resolve, 1.2 * LEADER_LEASE_MS));
      await broker?.thaw?.();
      await publishing;
      await expect.poll(() => check.doneCount, { timeout: 30_000 }).toBe(number * KEYS.length);
    }
    expect(check.violations).toEqual([]);
    await scene.close();
  });
});

interface Scene {
  readonly check: OrderCheck;
  /** Who became active, in order. */
  readonly active: readonly number[];
  /** How many pull requests the server has. */
  readonly requests: () => Promise<number>;
  /** Publishes to all keys, or to these. */
  readonly publish: (number: number, keys?: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}
