import type { BrokerKind } from "@anytopic/brokers";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { isThere, openDatabase, type TestDatabase } from "./databases.ts";
import { type BrokerStory, brokers, firstSeen, onBroker } from "./on-brokers.ts";
import { startRelayProcess, type RelayProcess, type RelayProcessTask } from "./start-relay-process.ts";
import { commit, countRows, outboxOf } from "./story.ts";

const KINDS: readonly BrokerKind[] = ["nats", "rabbitmq", "redis"];
/** They drop a repeated id on every topic. Redis does so on exactly-once topics only. */
const DROPS_REPEATED: ReadonlySet<BrokerKind> = new Set(["nats"]);
const isPostgresThere = await isThere("pg");
const running = await brokers(...KINDS);
afterAll(async () => {
  await Promise.all([...running.values()].map(async (broker) => await broker.close()));
});

interface Scene extends BrokerStory {
  readonly database: TestDatabase;
  /** A relay in another process. */
  process(options: Partial<RelayProcessTask>): Promise<RelayProcess>;
  /** A relay here, which takes over. */
  takeOver(): Promise<void>;
}

async function openScene(kind: BrokerKind): Promise<Scene> {
  const broker = running.get(kind);
  if (broker === undefined) throw new Error(`${kind} is not there`);
  const story = await onBroker(broker);
  const database = await openDatabase("pg");
  onTestFinished(async () => await database.close());
  const schema = database.tables.schema as string;
  const task = { databaseUrl: database.url, schema, brokerUrl: broker.url, topic: story.topic.name };
  return {
    ...story,
    database,
    process: async (options) => await startRelayProcess({ ...task, publishTimeoutMs: 1000, ...options }),
    async takeOver() {
      const relay = await outboxOf(database).relay(story.pubsub, { pool: database.pool, topics: [story.topic] });
      onTestFinished(async () => await relay.close());
    },
  };
}

describe.skipIf(!isPostgresThere).each(KINDS)("a relay", (kind) => {
  describe.skipIf(!running.has(kind))(`that publishes to ${kind}`, () => {
    test("is killed between the broker's answer and its commit: the same ids are published again", async () => {
      const scene = await openScene(kind);
      const relay = await scene.process({ hangs: true });
      const steps = ["a1", "a2", "b1", "a3"];
      const ids = await commit(scene.database, outboxOf(scene.database), scene.topic, steps);
      await relay.until("accepted");
      relay.kill("SIGKILL");
      await scene.takeOver();
      await expect.poll(() => countRows(scene.database, "outbox")).toBe(0);
      await expect.poll(() => firstSeen(scene.seen).toSorted()).toEqual(steps.toSorted());
      expect(new Set(scene.seen.map(({ id }) => id))).toEqual(new Set(ids));
      expect(firstSeen(scene.seen).filter((step) => step.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
      const times = DROPS_REPEATED.has(kind) ? 1 : 2;
      expect(scene.seen.filter(({ step }) => step === "a1")).toHaveLength(times);
    });

    test(
      "is frozen while another takes over: it sends nothing more of its keys when it wakes up",
      { timeout: 90_000 },
      async () => {
        const scene = await openScene(kind);
        const outbox = outboxOf(scene.database);
        const before = ["a1", "a2", "a3"];
        // All of them are in one batch of the process.
        await scene.database.pool.transaction(async (tx) => {
          for (const number of [1, 2, 3]) await outbox.publish(tx, scene.topic, { key: "a", number });
        });
        const relay = await scene.process({ freezes: true });
        await relay.until("accepted");
        await scene.takeOver();
        // Its transaction keeps the lane until the server ends it.
        await expect.poll(() => countRows(scene.database, "outbox"), { timeout: 60_000 }).toBe(0);
        const after = ["a4", "a5"];
        await commit(scene.database, outbox, scene.topic, after);
        await expect.poll(() => firstSeen(scene.seen)).toEqual([...before, ...after]);
        relay.kill("SIGCONT");
        await commit(scene.database, outbox, scene.topic, ["a6"]);
        await expect.poll(() => firstSeen(scene.seen)).toEqual([...before, ...after, "a6"]);
        expect(await relay.close()).toBe(0);
        const steps = scene.seen.map(({ step }) => step);
        // The broker had accepted the first one of the frozen relay, and got it again from the other.
        const twice = DROPS_REPEATED.has(kind) ? [] : ["a1"];
        expect(steps).toEqual(["a1", ...twice, "a2", "a3", ...after, "a6"]);
      },
    );
  });
});
