import { postgresUrl } from "@anytopic/brokers";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { isThere, openDatabase } from "./databases.ts";
import { brokers, firstSeen, onBroker } from "./on-brokers.ts";
import { findPostgres, startPrivatePostgres } from "./private-postgres.ts";
import { startCuttingProxy } from "./cutting-proxy.ts";
import { countRows, openStory, outboxOf } from "./story.ts";
import { startWriters } from "./writers.ts";
import { setTimeout as pause } from "node:timers/promises";
import type { BrokerKind } from "@anytopic/brokers";

const KINDS: readonly BrokerKind[] = ["nats", "rabbitmq"];
const KEYS = ["a", "b", "c", "d"];
/** How long the broker is away. `OUTAGE_MS=60000` for a whole minute. */
const OUTAGE_MS = Number(process.env["OUTAGE_MS"] ?? 4000);

const isPostgresThere = await isThere("pg");
const programs = findPostgres();
const running = await brokers(...KINDS);
afterAll(async () => {
  await Promise.all([...running.values()].map(async (broker) => await broker.close()));
});

function inOrder(last: ReadonlyMap<string, number>): readonly string[] {
  return KEYS.flatMap((key) => Array.from({ length: last.get(key) ?? 0 }, (_, index) => `${key}${index + 1}`));
}

function sortedByKey(steps: readonly string[]): readonly string[] {
  return KEYS.flatMap((key) => steps.filter((step) => step.startsWith(key)));
}

describe.skipIf(!isPostgresThere).each(KINDS)("%s", (kind) => {
  const broker = running.get(kind);
  test.skipIf(broker?.kill === undefined)(
    "goes away under load and comes back: nothing is lost, the order is kept",
    { timeout: OUTAGE_MS + 150_000 },
    async () => {
      if (broker === undefined) return;
      const story = await onBroker(broker);
      const database = await openDatabase("pg");
      onTestFinished(async () => await database.close());
      const relay = await outboxOf(database).relay(story.pubsub, { pool: database.pool, topics: [story.topic] });
      onTestFinished(async () => await relay.close());
      const writers = await startWriters(database, story.topic, { count: 2, keys: KEYS });
      await expect.poll(() => story.seen.length, { timeout: 20_000 }).toBeGreaterThan(50);
      await broker.kill?.();
      await expect.poll(() => relay.health().status, { timeout: 20_000 }).toBe("degraded");
      await pause(OUTAGE_MS);
      const waiting = await countRows(database, "outbox");
      expect(waiting).toBeGreaterThan(0);
      await broker.start?.();
      await expect.poll(() => relay.health().status, { timeout: 40_000 }).toBe("up");
      const last = await writers.stop();
      await expect.poll(() => countRows(database, "outbox"), { timeout: 60_000 }).toBe(0);
      expect(await countRows(database, "outbox_parked")).toBe(0);
      expect(await countRows(database, "outbox_hold")).toBe(0);
      await expect.poll(() => firstSeen(story.seen).length, { timeout: 60_000 }).toBe(inOrder(last).length);
      expect(sortedByKey(firstSeen(story.seen))).toEqual(inOrder(last));
    },
  );
});

test.skipIf(programs === undefined)(
  "PostgreSQL crashes under load and comes back: nothing is lost, the order is kept",
  { timeout: 90_000 },
  async () => {
    const server = await startPrivatePostgres(programs as string);
    onTestFinished(async () => await server.close());
    const story = await openStory("pg", () => undefined, server.url);
    const relay = await story.relay({ pollMs: { busy: 10, idle: 50 } });
    const writers = await startWriters(story.database, story.topic, { count: 3, keys: KEYS });
    await expect.poll(() => story.seen.length, { timeout: 20_000 }).toBeGreaterThan(50);
    await server.stop();
    await expect.poll(() => relay.health().status).toBe("down");
    expect(relay.health().databaseError).toBeDefined();
    await server.start();
    await expect.poll(() => relay.health().status, { timeout: 30_000 }).toBe("up");
    const seen = story.seen.length;
    await expect.poll(() => story.seen.length, { timeout: 20_000 }).toBeGreaterThan(seen + 50);
    const last = await writers.stop();
    await expect.poll(() => story.count("outbox"), { timeout: 20_000 }).toBe(0);
    // What was published just before the crash may come twice on this broker.
    const first = [...new Set(story.seen)];
    await expect.poll(() => new Set(story.seen).size).toBe(inOrder(last).length);
    expect(sortedByKey(first)).toEqual(inOrder(last));
  },
);

describe.skipIf(!isPostgresThere)("the connection to the database is lost", () => {
  test("in the middle of a commit, which happened: nothing is lost, and nothing is published again", async () => {
    const proxy = await startCuttingProxy(postgresUrl);
    const story = await openStory("pg", () => undefined, proxy.url);
    const steps = Array.from({ length: 20 }, (_, index) => `a${index}`);
    await story.commit(...steps);
    proxy.cutAfter("COMMIT", 2);
    const relay = await story.relay({ lanes: 1, batchMessages: 5 });
    await expect.poll(() => story.seen.length).toBe(20);
    await expect.poll(() => story.count("outbox")).toBe(0);
    expect(proxy.cuts).toBe(2);
    expect(story.seen).toEqual(steps);
    expect(relay.health()).toMatchObject({ status: "up", databaseError: undefined });
  });

  test("in the middle of the deletion: the same is published again, in order", async () => {
    const proxy = await startCuttingProxy(postgresUrl);
    const story = await openStory("pg", () => undefined, proxy.url);
    await story.commit("a1", "a2", "a3");
    proxy.cutAfter("DELETE FROM", 1);
    await story.relay({ lanes: 1 });
    await expect.poll(() => story.count("outbox")).toBe(0);
    expect(proxy.cuts).toBe(1);
    // The memory broker does not know repeated ids of this topic.
    expect(story.seen).toEqual(["a1", "a2", "a3", "a1", "a2", "a3"]);
  });
});

test.skipIf(!isPostgresThere)(
  "closing is bounded when the broker does not answer, and frees the lane",
  { timeout: 30_000 },
  async () => {
    let answers = false;
    const story = await openStory("pg", () => (answers ? undefined : "silence"));
    await story.commit("a1");
    const relay = await story.relay();
    await expect.poll(() => story.silent).toBe(1);
    const startMs = performance.now();
    await relay.close({ timeoutMs: 200 });
    expect(performance.now() - startMs).toBeLessThan(5000);
    answers = true;
    await story.relay();
    await expect.poll(() => story.seen).toEqual(["a1"]);
  },
);
