import { createOutbox } from "@anytopic/outbox";
import type { SqlExecutor } from "@anytopic/sql";
import { describe, expect, test } from "vitest";
import { type DatabaseKind, isThere } from "./databases.ts";
import { openStory, type Story } from "./story.ts";

const KINDS: readonly DatabaseKind[] = ["pg", "postgres.js", "mysql2", "node:sqlite"];
const there = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await isThere(kind)] as const)));
/** A relay that looks once and then sleeps: only a wake-up makes it look again. */
const ASLEEP = { pollMs: { busy: 60_000, idle: 60_000 } };

/** Commits until the relay has published one of them: it may have been awake for a first look. */
async function published(story: Story): Promise<void> {
  await story.commit("a0");
  await story.relay(ASLEEP);
  await expect.poll(() => story.seen).toEqual(["a0"]);
}

describe.each(KINDS)("%s", (kind) => {
  test.skipIf(there.get(kind) !== true)("wake makes the relays of this process look at once", async () => {
    const story = await openStory(kind);
    await published(story);
    for (let number = 1; number <= 10; number += 1) {
      await story.commit(`a${number}`);
      story.outbox.wake();
    }
    await expect.poll(() => story.seen.length).toBe(11);
  });
});

describe.each(["pg", "postgres.js"] as const)("%s", (kind) => {
  test.skipIf(there.get(kind) !== true)("wake reaches relays of other processes by NOTIFY", async () => {
    const story = await openStory(kind);
    const { dialect, tables, pool } = story.database;
    // Its relays are none: it tells those of the other outbox.
    const writer = createOutbox({ dialect, ...tables, executor: (tx: SqlExecutor) => tx, notify: pool });
    await story.commit("a0");
    await story.relay({ ...ASLEEP, listen: true });
    await expect.poll(() => story.seen).toEqual(["a0"]);
    for (let number = 1; number <= 10; number += 1) {
      await pool.transaction(async (tx) => await writer.publish(tx, story.topic, { key: "a", number }));
      writer.wake();
      await expect.poll(() => story.seen.length).toBe(number + 1);
    }
  });

  test.skipIf(there.get(kind) !== true)(
    "a relay that listens goes on when its connection was ended",
    { timeout: 60_000 },
    async () => {
      const story = await openStory(kind);
      const { dialect, tables, pool } = story.database;
      const writer = createOutbox({ dialect, ...tables, executor: (tx: SqlExecutor) => tx, notify: pool });
      await story.relay({ ...ASLEEP, listen: true });
      await story.commit("a0");
      await expect.poll(() => listeners(story)).toBe(1);
      await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE lower(query) = $1", [
        listening(story),
      ]);
      await expect.poll(() => listeners(story), { timeout: 15_000 }).toBe(1);
      await story.commit("a1");
      await expect
        .poll(
          () => {
            writer.wake();
            return story.seen.length;
          },
          { timeout: 15_000 },
        )
        .toBe(2);
    },
  );
});

test("notifications are refused where there are none", () => {
  const notify = { query: async () => await Promise.resolve([]) };
  const executor = (tx: SqlExecutor): SqlExecutor => tx;
  expect(() => createOutbox({ dialect: "mysql", executor, notify })).toThrow("notify: mysql has no notifications");
});

function listening({ database }: Story): string {
  return `listen "${database.tables.schema}.anytopic_outbox"`;
}

/** How many connections listen. PostgreSQL shows the last statement of each. */
async function listeners(story: Story): Promise<number> {
  const rows = await story.database.pool.query("SELECT pid FROM pg_stat_activity WHERE lower(query) = $1", [
    listening(story),
  ]);
  return rows.length;
}
