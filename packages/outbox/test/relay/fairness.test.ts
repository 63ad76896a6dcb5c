import { defineSubscription, defineTopic, PubSubError } from "@anytopic/core";
import { tableNames } from "@anytopic/sql";
import { expect, test } from "vitest";
import { type DatabaseKind, isThere, type TestDatabase } from "./databases.ts";
import { openStory } from "./story.ts";

const KINDS: readonly DatabaseKind[] = ["pg", "mysql2", "node:sqlite"];
const there = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await isThere(kind)] as const)));
const cases = KINDS.filter((kind) => there.get(kind) === true);

/** Many messages at once, all in one lane when `lanes` is 1. */
async function fill({ pool, dialect, tables }: TestDatabase, topic: string, rows: number, lanes = 16): Promise<void> {
  const outbox = tableNames(dialect, tables)("outbox");
  const time = { postgres: "now()", mysql: "UTC_TIMESTAMP(3)", sqlite: "1790000000000" }[dialect];
  const body = Buffer.from('{"key":"z","number":1}');
  const step = 250;
  await pool.transaction(async (tx) => {
    for (let first = 0; first < rows; first += step) {
      const some = Array.from({ length: step }, (_, n) => first + n);
      const values = some.map(
        (n, at) => `(${n % lanes}, $${3 * at + 1}, $${3 * at + 2}, NULL, $${3 * at + 3}, '{}', ${time})`,
      );
      const params = some.flatMap((n) => [topic, `id-${topic}-${n}`, body]);
      const columns = "lane, topic, message_id, ordering_key, body, attributes, publish_time";
      await tx.query(`INSERT INTO ${outbox} (${columns}) VALUES ${values.join(", ")}`, params);
    }
  });
}

test.each(cases)(
  "on %s, a held topic with 10,000 messages does not delay a healthy one",
  { timeout: 60_000 },
  async (kind) => {
    const story = await openStory(kind, ({ key }) =>
      key === "z" ? new PubSubError("PERMISSION_DENIED", "not this topic") : undefined,
    );
    const Held = defineTopic<{ key: string; number: number }>(`steps-held-${story.topic.name}`);
    await story.pubsub.apply([Held]);
    await fill(story.database, Held.name, 10_000);
    const relay = await story.relay({ topics: [Held, story.topic], pollMs: { busy: 10, idle: 50 } });
    await expect.poll(() => relay.health().topics[0]?.state).toBe("held");
    for (let number = 1; number <= 20; number += 1) {
      const startMs = performance.now();
      await story.commit(`a${number}`);
      relay.wake();
      await expect.poll(() => story.seen.length, { interval: 5 }).toBe(number);
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
    await expect
      .poll(() => relay.stats())
      .toMatchObject({ waiting: 10_000, topics: [{ waiting: 10_000, held: 1 }, { waiting: 0 }] });
  },
);

test.each(cases)(
  "on %s, a topic with a long backlog does not starve another in the same lane",
  { timeout: 60_000 },
  async (kind) => {
    const story = await openStory(kind);
    const Busy = defineTopic<{ key: string; number: number }>("busy");
    const Quiet = defineTopic<{ key: string; number: number }>("quiet");
    const Seen = defineSubscription(Quiet, "seen");
    await story.pubsub.apply([Seen, Busy]);
    await fill(story.database, "busy", 5000, 1);
    await fill(story.database, "quiet", 250, 1);
    const left: number[] = [];
    await story.pubsub.subscribe(Seen, async () => {
      if (left.length === 0) left.push(await story.count("outbox"));
    });
    await story.relay({ topics: [Busy, Quiet], batchMessages: 100, lanes: 1 });
    await expect.poll(() => story.count("outbox"), { timeout: 40_000 }).toBe(0);
    expect(left[0]).toBeGreaterThan(4000);
  },
);

test.each(cases)("on %s, messages of a held key do not fill the batches", { timeout: 60_000 }, async (kind) => {
  const story = await openStory(kind, ({ key }) =>
    key === "a" ? new PubSubError("LIMIT_EXCEEDED", "too large") : undefined,
  );
  // All in one transaction: the messages of a key are in one lane, and "a" comes first.
  await story.database.pool.transaction(async (tx) => {
    const steps = Array.from({ length: 1000 }, (_, number) => ({ event: { key: "a", number } }));
    const results = await story.outbox.publishBatch(tx, story.topic, steps);
    expect(results.every(({ ok }) => ok)).toBe(true);
  });
  await story.commit("b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1");
  const relay = await story.relay({ batchMessages: 10, lanes: 1 });
  await expect.poll(() => story.seen.length).toBe(8);
  await relay.drained();
  expect(await relay.stats()).toMatchObject({ waiting: 999, held: 1, parked: 1 });
});

test("a batch reads at most 4 MiB, and a larger message comes alone", async () => {
  const story = await openStory("node:sqlite");
  const Large = defineTopic<Uint8Array>("large", { codec: "bytes" });
  const sizes: number[] = [];
  const { pool } = story.database;
  await pool.transaction(async (tx) => {
    for (const mebibytes of [1, 2, 2, 6, 1]) {
      const publish = { key: "a", bytes: new Uint8Array(mebibytes * 1024 * 1024) };
      await story.outbox.publish(tx, Large, publish.bytes);
    }
  });
  await pool.query("UPDATE anytopic_outbox SET lane = 0", []);
  const watched = {
    ...pool,
    transaction: ((work, options) =>
      pool.transaction(
        async (tx) =>
          await work({
            async query(text, params) {
              const rows = await tx.query(text, params);
              const bodies = rows.map((row) => row["body"]).filter((body) => body instanceof Uint8Array);
              if (bodies.length > 0) sizes.push(bodies.reduce((sum, body) => sum + body.byteLength / 1024 / 1024, 0));
              return rows;
            },
          }),
        options,
      )) as typeof pool.transaction,
  };
  await story.pubsub.apply([Large]);
  const relay = await story.relay({ pool: watched, topics: [Large] });
  await relay.drained();
  expect(sizes).toEqual([3, 2, 6, 1]);
});
