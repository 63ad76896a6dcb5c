import type { BrokerKind } from "@anytopic/brokers";
import type { Relay } from "@anytopic/outbox";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { type DatabaseKind, isThere, openDatabase } from "./databases.ts";
import { brokers, firstSeen, onBroker } from "./on-brokers.ts";
import { countRows, openStory, outboxOf } from "./story.ts";
import { startWriters } from "./writers.ts";

const KINDS: readonly DatabaseKind[] = ["pg", "postgres.js", "mysql2", "node:sqlite"];
const BROKERS: readonly BrokerKind[] = ["nats", "rabbitmq", "redis"];
const KEYS = ["a", "b", "c", "d", "e", "f"];
const STEPS = 400;

const there = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await isThere(kind)] as const)));
const running = await brokers(...BROKERS);
afterAll(async () => {
  await Promise.all([...running.values()].map(async (broker) => await broker.close()));
});

/** What must have been seen of each key, in order. */
function expected(last: ReadonlyMap<string, number>): Record<string, readonly string[]> {
  return Object.fromEntries(
    [...last].map(([key, number]) => [key, Array.from({ length: number }, (_, index) => `${key}${index + 1}`)]),
  );
}

function byKey(steps: readonly string[]): Record<string, readonly string[]> {
  return Object.fromEntries(KEYS.map((key) => [key, steps.filter((step) => step.startsWith(key))]));
}

describe.each(KINDS)("4 relays and 8 writers on %s", (kind) => {
  test.skipIf(there.get(kind) !== true)(
    "keep the order of each key, and lose nothing",
    { timeout: 120_000 },
    async () => {
      const story = await openStory(kind);
      for (let relay = 0; relay < 4; relay += 1)
        await story.relay({ batchMessages: 7, pollMs: { busy: 10, idle: 20 } });
      const writers = await startWriters(story.database, story.topic, { count: 8, keys: KEYS, steps: STEPS });
      const last = await writers.stop();
      await expect.poll(() => story.count("outbox"), { timeout: 60_000 }).toBe(0);
      await expect.poll(() => story.seen.length).toBeGreaterThanOrEqual(STEPS);
      expect(byKey(story.seen)).toEqual(expected(last));
    },
  );
});

describe.each(BROKERS)("4 relays and 8 writers, with messages to %s", (kind) => {
  const isReady = running.has(kind) && there.get("pg") === true;
  test.skipIf(!isReady)("keep the order of each key, and lose nothing", { timeout: 120_000 }, async () => {
    const broker = running.get(kind);
    if (broker === undefined) return;
    const story = await onBroker(broker);
    const database = await openDatabase("pg");
    onTestFinished(async () => await database.close());
    const relays: Relay[] = [];
    onTestFinished(async () => void (await Promise.all(relays.map(async (relay) => await relay.close()))));
    for (let relay = 0; relay < 4; relay += 1) {
      relays.push(
        await outboxOf(database).relay(story.pubsub, { pool: database.pool, topics: [story.topic], lanes: 2 }),
      );
    }
    const writers = await startWriters(database, story.topic, { count: 8, keys: KEYS, steps: STEPS });
    const last = await writers.stop();
    await expect.poll(() => countRows(database, "outbox"), { timeout: 60_000 }).toBe(0);
    const all = [...last.values()].reduce((sum, number) => sum + number, 0);
    await expect.poll(() => firstSeen(story.seen).length, { timeout: 30_000 }).toBe(all);
    expect(byKey(firstSeen(story.seen))).toEqual(expected(last));
  });
});
