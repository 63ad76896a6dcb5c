import { PubSubError } from "@anytopic/core";
import type { SqlPool } from "@anytopic/sql";
import { describe, expect, test } from "vitest";
import { isThere } from "./databases.ts";
import { openStory } from "./story.ts";

const FAST = { pollMs: { busy: 10, idle: 10 }, lanes: 1 };

/** The pool, and the lowest number from which each read of a lane began. */
function watched(pool: SqlPool): { readonly pool: SqlPool; readonly floors: number[] } {
  const floors: number[] = [];
  const transaction: SqlPool["transaction"] = async (work, options) =>
    await pool.transaction(
      async (tx) =>
        await work({
          async query(text, params) {
            if (text.includes("ROW_NUMBER")) floors.push(Number(params[2]));
            return await tx.query(text, params);
          },
        }),
      options,
    );
  return { pool: { ...pool, transaction }, floors };
}

describe.skipIf(!(await isThere("pg")))("on PostgreSQL", () => {
  test("reads begin behind what was deleted while an old snapshot is open", { timeout: 60_000 }, async () => {
    const story = await openStory("pg");
    const { pool, floors } = watched(story.database.pool);
    await story.database.pool.transaction(async (reader) => {
      await reader.query("SELECT count(*) FROM pg_class", []);
      const relay = await story.relay({ pool, ...FAST });
      for (let number = 1; number <= 60; number += 1) {
        await story.commit(`a${number}`);
        await expect.poll(() => story.seen.length, { interval: 5 }).toBe(number);
        await new Promise((resolve) => void setTimeout(resolve, 20));
      }
      await relay.close();
    });
    expect(floors[0]).toBe(0);
    expect(floors.at(-1)).toBeGreaterThan(20);
  });

  test("a transaction that commits late is published, before its key's next message", { timeout: 60_000 }, async () => {
    const story = await openStory("pg");
    const { pool, floors } = watched(story.database.pool);
    const late = Promise.withResolvers<void>();
    const drawn = Promise.withResolvers<void>();
    const committing = story.database.pool.transaction(async (tx) => {
      await story.outbox.publish(tx, story.topic, { key: "late", number: 1 });
      drawn.resolve();
      await late.promise;
    });
    await drawn.promise;
    const relay = await story.relay({ pool, ...FAST });
    // All keys of the same lane, so that the floor of that lane rises.
    const others = Array.from({ length: 100 }, (_, number) => `other${number}`);
    for (const step of others) await story.commit(step);
    await expect.poll(() => story.seen.length).toBe(100);
    const before = floors.length;
    await expect
      .poll(
        async () => {
          await story.commit("more1");
          return floors.length;
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(before + 20);
    expect(Math.max(...floors)).toBeLessThanOrEqual(1);
    late.resolve();
    await committing;
    await story.commit("late2", "late3");
    await expect.poll(() => story.seen.filter((step) => step.startsWith("late"))).toEqual(["late1", "late2", "late3"]);
    await expect
      .poll(
        async () => {
          await story.commit("more1");
          return Math.max(...floors);
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(50);
    await relay.close();
  });

  test("a parked message that comes back is below no floor", { timeout: 60_000 }, async () => {
    let fails = true;
    const story = await openStory("pg", ({ key, number }) =>
      fails && key === "a" && number === 1 ? new PubSubError("REJECTED", "no") : undefined,
    );
    const { pool, floors } = watched(story.database.pool);
    await story.relay({ pool, ...FAST });
    await story.commit("a1", "a2");
    await expect.poll(() => story.count("outbox_parked")).toBe(1);
    await expect
      .poll(
        async () => {
          await story.commit("b1");
          return Math.max(...floors);
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(20);
    fails = false;
    await story.outbox.parked(story.database.pool).retry();
    await expect.poll(() => story.seen.filter((step) => step.startsWith("a"))).toEqual(["a1", "a2"]);
  });
});
