import { setTimeout as sleep } from "node:timers/promises";
import { freePorts, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, silentLogger } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { afterAll, expect, test } from "vitest";

const TOPICS = 10;
const WATCHED_MS = 20_000;
/** Both directions: requests, heartbeats, and on ordered subscriptions the lease; docs/scale.md says what is to be expected. */
const MOST_PER_WORKER_AND_MINUTE = 120;

interface Served {
  readonly in_msgs: number;
  readonly out_msgs: number;
  readonly connections: number;
}

const [port] = await freePorts(1);
const config = `http: "127.0.0.1:${port}"`;
const broker = await startBrokerOrSkip("nats", { provider: "native", config });
afterAll(() => broker?.close());

test.skipIf(broker === undefined)(
  "an idle worker sends and gets little, and all share one connection",
  { timeout: 120_000 },
  async () => {
    await using pubsub = await connect(nats({ servers: broker?.url }), { logger: silentLogger });
    const topics = Array.from({ length: TOPICS }, (_, index) =>
      defineTopic<string>(`idle-${index}`, index % 2 === 0 ? {} : { orderingKey: (event) => event }),
    );
    const subscriptions = topics.flatMap((topic) => ["a", "b", "c"].map((name) => defineSubscription(topic, name)));
    // Traffic leaves several requests for parts of the room.
    let handled = 0;
    await Promise.all(
      subscriptions.map((one) => pubsub.subscribe(one, () => void (handled += 1), { maxConcurrency: 4, prefetch: 12 })),
    );
    for (let round = 0; round < 40; round += 1) await Promise.all(topics.map((topic) => pubsub.publish(topic, "key")));
    await expect.poll(() => handled, { timeout: 60_000 }).toBeGreaterThanOrEqual(40 * subscriptions.length);
    const served = async (): Promise<Served> => (await (await fetch(`http://127.0.0.1:${port}/varz`)).json()) as Served;

    await sleep(25_000);
    const before = await served();
    await sleep(WATCHED_MS);
    const after = await served();
    const messages = after.in_msgs - before.in_msgs + after.out_msgs - before.out_msgs;
    expect((messages * (60_000 / WATCHED_MS)) / subscriptions.length).toBeLessThan(MOST_PER_WORKER_AND_MINUTE);
    expect(after.connections).toBe(1);
  },
);
