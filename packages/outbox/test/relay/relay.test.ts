import { defineSubscription, defineTopic, PubSubError } from "@anytopic/core";
import { createOutbox } from "@anytopic/outbox";
import { describe, expect, test } from "vitest";
import { type DatabaseKind, isThere } from "./databases.ts";
import { openStory } from "./story.ts";

const KINDS: readonly DatabaseKind[] = ["pg", "postgres.js", "mysql2", "node:sqlite"];
const there = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await isThere(kind)] as const)));

describe.each(KINDS)("a relay", (kind) => {
  describe.skipIf(there.get(kind) !== true)(`on ${kind}`, () => {
    test("publishes what was committed, in the order of the commits, and deletes it", async () => {
      const story = await openStory(kind);
      const steps = Array.from({ length: 30 }, (_, index) => `${"abc"[index % 3]}${index}`);
      await story.commit(...steps);
      await story.relay({ batchMessages: 4 });
      await expect.poll(() => story.seen.length).toBe(30);
      for (const key of "abc") {
        const ofKey = (all: readonly string[]): readonly string[] => all.filter((step) => step.startsWith(key));
        expect(ofKey(story.seen)).toEqual(ofKey(steps));
      }
      await expect.poll(() => story.count("outbox")).toBe(0);
    });

    test("publishes nothing that was rolled back", async () => {
      const story = await openStory(kind);
      const relay = await story.relay();
      const rolledBack = story.database.pool.transaction(async (tx) => {
        await story.outbox.publish(tx, story.topic, { key: "a", number: 1 });
        throw new Error("no");
      });
      await expect(rolledBack).rejects.toThrow("no");
      await story.commit("a2");
      await relay.drained();
      await expect.poll(() => story.seen).toEqual(["a2"]);
    });

    test("keeps the id, the attributes, the key and the time of the call", async () => {
      const story = await openStory(kind);
      const Notes = defineTopic<string>("notes", { codec: "text", orderingKey: () => "k\u{1F511}" });
      const Read = defineSubscription(Notes, "read");
      await story.pubsub.apply([Read]);
      const clock = { now: () => 1_700_000_000_123 };
      const outbox = createOutbox({
        dialect: story.database.dialect,
        ...story.database.tables,
        executor: (tx: Parameters<Parameters<typeof story.database.pool.transaction>[0]>[0]) => tx,
        clock: { ...clock, monotonicNow: () => 0, setTimer: () => undefined, clearTimer: () => {} },
      });
      const attributes = { traceparent: "00-1", ключ: "значение\n\u{1F511}" };
      const id = await story.database.pool.transaction(
        async (tx) => await outbox.publish(tx, Notes, "жёлтый \0 \u{1F511}", { attributes }),
      );
      await story.relay({ topics: [Notes] });
      for await (const delivery of story.pubsub.deliveries(Read)) {
        expect(delivery.event).toBe("жёлтый \0 \u{1F511}");
        expect(delivery).toMatchObject({ id, orderingKey: "k\u{1F511}", publishTime: new Date(1_700_000_000_123) });
        expect({ ...delivery.attributes }).toEqual(attributes);
        await delivery.ack();
        break;
      }
    });

    test("leaves messages of other topics alone", async () => {
      const story = await openStory(kind);
      const Other = defineTopic<string>("other");
      await story.commit("a1");
      await story.database.pool.transaction(async (tx) => await story.outbox.publish(tx, Other, "b"));
      const relay = await story.relay();
      await relay.drained();
      expect(await story.count("outbox")).toBe(1);
      expect(await relay.stats()).toMatchObject({ waiting: 0, parked: 0, held: 0, oldestAgeMs: 0 });
    });

    test("several relays share the work, and each message is published once", async () => {
      const story = await openStory(kind);
      const relays = [await story.relay({ batchMessages: 5 }), await story.relay({ batchMessages: 5 })];
      const steps = Array.from({ length: 60 }, (_, index) => `k${index % 12}-${index}`);
      await story.commit(...steps);
      await expect.poll(() => story.seen.length).toBe(60);
      await expect.poll(() => story.count("outbox")).toBe(0);
      await expect.poll(() => relays.reduce((all, relay) => all + relay.health().published, 0)).toBe(60);
    });

    test("stats count what waits, and its age", async () => {
      const story = await openStory(kind);
      const relay = await story.relay({ topics: [defineTopic("nothing")] });
      await relay.close();
      await story.commit("a1", "a2");
      const other = await story.relay({ pollMs: { busy: 60_000, idle: 60_000 }, topics: [story.topic] });
      await other.close();
      await story.commit("a3");
      const { waiting, oldestAgeMs, topics } = await other.stats();
      expect(waiting).toBeGreaterThanOrEqual(1);
      expect(oldestAgeMs).toBeGreaterThanOrEqual(0);
      expect(oldestAgeMs).toBeLessThan(60_000);
      expect(topics).toHaveLength(1);
    });
  });
});

test("an outbox without tables is refused, with the remedy", async () => {
  const story = await openStory("node:sqlite");
  const outbox = createOutbox({ dialect: "sqlite", tablePrefix: "other_", executor: () => story.database.pool });
  const opening = outbox.relay(story.pubsub, { pool: story.database.pool, topics: [story.topic] });
  await expect(opening).rejects.toThrow(PubSubError);
  await expect(opening).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(opening).rejects.toThrow(/there is no table "other_outbox_lane": apply the migrations/);
});

test.each([
  [{ topics: [] }, "topics is empty"],
  [{ topics: ["steps"] }, "must be a list of what defineTopic returns"],
  [{ pool: {} }, "pool is an object: must be pgPool"],
  [{ lanes: 17 }, "lanes is 17: must be a whole number from 1 to 16"],
  [{ onParked: "drop" }, 'must be one of "block", "skip"'],
  [{ pollMs: { busy: 1 } }, "pollMs: busy is 1: must be a whole number from 10 to 60000 ms"],
  [{ listen: true }, "this database has no LISTEN"],
  [{ lane: 1 }, 'has no option "lane"'],
])("refuses the options %j", async (options, message) => {
  const story = await openStory("node:sqlite");
  await expect(story.relay(options as never)).rejects.toThrow(message);
});

test("refuses the pool of another dialect", async () => {
  const story = await openStory("node:sqlite");
  const pool = { ...story.database.pool, dialect: "mysql" as const };
  await expect(story.relay({ pool })).rejects.toThrow(
    "it speaks mysql, and the outbox is in a database that speaks sqlite",
  );
});
