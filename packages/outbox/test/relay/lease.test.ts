import { expect, test } from "vitest";
import { openStory } from "./story.ts";

const FAST = { pollMs: { busy: 10, idle: 20 } };
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

test("on SQLite, a lane that a dead relay has leased is served when its lease has ended", async () => {
  const story = await openStory("node:sqlite");
  const { pool } = story.database;
  await story.commit("a1");
  await pool.query(`UPDATE anytopic_outbox_lane SET lease_token = 'dead', lease_until = ${NOW} + 1500`, []);
  const startMs = performance.now();
  await story.relay(FAST);
  await expect.poll(() => story.seen, { timeout: 15_000 }).toEqual(["a1"]);
  expect(performance.now() - startMs).toBeGreaterThan(1000);
  await expect.poll(() => story.count("outbox")).toBe(0);
});

test("on SQLite, a relay that has lost its lease deletes nothing", async () => {
  let steals = true;
  const story = await openStory("node:sqlite", () => {
    if (!steals) return undefined;
    steals = false;
    // Another relay has taken the lane, and given it back, before this message is answered.
    void pool.query("UPDATE anytopic_outbox_lane SET lease_token = 'other', lease_until = 0", []);
    return undefined;
  });
  const { pool } = story.database;
  await story.commit("a1", "a2");
  const relay = await story.relay({ ...FAST, lanes: 1 });
  await expect.poll(() => story.count("outbox")).toBe(0);
  // Once by the relay that lost its lease, and once when it had a new one.
  expect(story.seen).toEqual(["a1", "a2", "a1", "a2"]);
  await expect.poll(() => relay.health().status).toBe("up");
});
