import { startBroker } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { rabbitmq } from "@anytopic/rabbitmq";
import { expect, test } from "vitest";

/** Of the server: connections may have so many channels. The default is 2047. */
const CHANNEL_MAX = 40;
const WORKERS = 50;
const TOPICS = 25;

test(
  "more workers and topics than a connection has channels take more connections",
  { timeout: 180_000 },
  async (context) => {
    const broker = await startBroker("rabbitmq", { provider: "native", config: `channel_max = ${CHANNEL_MAX}` }).catch(
      (error: Error) => context.skip(error.message),
    );
    try {
      await using pubsub = await connect(rabbitmq({ url: broker.url }), { logger: silentLogger });
      const topics = Array.from({ length: TOPICS }, (_, index) => defineTopic<number>(`many-${index}`));
      const subscription = defineSubscription(topics[0]!, "worker");
      const handled = new Set<number>();
      const workers = await Promise.all(
        Array.from({ length: WORKERS }, () =>
          pubsub.subscribe(subscription, (event) => void handled.add(event), { maxConcurrency: 1, prefetch: 0 }),
        ),
      );
      await Promise.all(topics.map((topic, index) => pubsub.publish(topic, index)));
      await Promise.all(Array.from({ length: 200 }, (_, index) => pubsub.publish(topics[0]!, index)));
      await expect.poll(() => handled.size, { timeout: 30_000 }).toBe(200);
      const connections = (await broker.admin!(["list_connections", "name", "channels", "--no-table-headers"]))
        .split("\n")
        .filter((line) => line !== "");
      // 50 workers by 20 on each, and 25 topics.
      expect(connections).toHaveLength(5);
      for (const line of connections) expect(Number(line.split("\t").at(-1))).toBeLessThanOrEqual(CHANNEL_MAX);
      expect(pubsub.health().status).toBe("up");
      // Each asks for a queue for each delay, most of which do not exist.
      const stats = await Promise.all(Array.from({ length: 5 }, () => pubsub.stats(subscription)));
      expect(stats).toEqual(Array(5).fill(expect.objectContaining({ waiting: 0, delayed: 0 })));

      await Promise.all(workers.map((worker) => worker.close()));
      // What they had is used again.
      await Promise.all(Array.from({ length: WORKERS }, () => pubsub.subscribe(subscription, () => {})));
      const after = await broker.admin!(["list_connections", "name", "--no-table-headers"]);
      expect(after.split("\n").filter((line) => line !== "")).toHaveLength(5);
    } finally {
      await broker.close();
    }
  },
);
