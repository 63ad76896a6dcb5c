import { setTimeout as sleep } from "node:timers/promises";
import { startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, expect, test } from "vitest";

const TOPICS = 10;
const WATCHED_MS = 20_000;
/** Reads, scripts and looks; docs/scale.md says what is to be expected. On a slow machine it is less. */
const MOST_PER_WORKER_AND_MINUTE = 60;

const broker = await startBrokerOrSkip("redis", { provider: "native", implementation: "redis" });
afterAll(() => broker?.close());

test.skipIf(broker === undefined)(
  "an idle worker asks little, and takes one connection",
  { timeout: 120_000 },
  async () => {
    await using pubsub = await connect(redis({ servers: `${broker?.host}:${broker?.port}` }), { logger: silentLogger });
    const topics = Array.from({ length: TOPICS }, (_, index) =>
      defineTopic<string>(`idle-${index}`, index % 2 === 0 ? {} : { orderingKey: (event) => event }),
    );
    const subscriptions = topics.flatMap((topic) => ["a", "b", "c"].map((name) => defineSubscription(topic, name)));
    const handled = new Set<string>();
    await Promise.all(
      subscriptions.map((one) => pubsub.subscribe(one, () => void handled.add(`${one.topic.name}/${one.name}`))),
    );
    await Promise.all(topics.map((topic) => pubsub.publish(topic, "key")));
    await expect.poll(() => handled.size, { timeout: 20_000 }).toBe(subscriptions.length);
    const info = async (section: string): Promise<string> => (await broker?.admin?.(["INFO", section])) ?? "";
    const asked = async (): Promise<number> => {
      const text = await info("commandstats");
      const calls = (command: string): number =>
        Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(text)?.[1] ?? 0);
      return ["evalsha", "xreadgroup", "xread", "ping"].reduce((sum, command) => sum + calls(command), 0);
    };

    await sleep(10_000);
    const before = await asked();
    await sleep(WATCHED_MS);
    const perMinute = ((await asked()) - before) * (60_000 / WATCHED_MS);
    expect(perMinute / subscriptions.length).toBeLessThan(MOST_PER_WORKER_AND_MINUTE);
    // One for commands, and the one that asks.
    const clients = Number(/connected_clients:(\d+)/.exec(await info("clients"))?.[1]);
    expect(clients).toBe(subscriptions.length + 2);
  },
);
