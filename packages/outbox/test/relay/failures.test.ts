import { PubSubError, type PubSubErrorCode } from "@anytopic/core";
import { describe, expect, test } from "vitest";
import { type DatabaseKind, isThere } from "./databases.ts";
import { openStory, type Step } from "./story.ts";

const KINDS: readonly DatabaseKind[] = ["pg", "postgres.js", "mysql2", "node:sqlite"];
const there = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await isThere(kind)] as const)));

/** Fails one step until it is told otherwise. */
function failingStep(text: string, code: PubSubErrorCode, retryable?: boolean): FailingStep {
  const state = { tries: 0, fails: true };
  return {
    state,
    failure({ key, number }: Step) {
      if (`${key}${number}` !== text || !state.fails) return undefined;
      state.tries += 1;
      return new PubSubError(code, "the broker says no", retryable === undefined ? {} : { retryable });
    },
  };
}

interface FailingStep {
  readonly state: { tries: number; fails: boolean };
  readonly failure: (step: Step) => PubSubError | undefined;
}

describe.each(KINDS)("failures", (kind) => {
  describe.skipIf(there.get(kind) !== true)(`on ${kind}`, () => {
    test("a message that can never be published is parked at once, and its key waits behind it", async () => {
      const { failure, state } = failingStep("a1", "LIMIT_EXCEEDED");
      const story = await openStory(kind, failure);
      const [id] = await story.commit("a1", "a2", "b1");
      const relay = await story.relay();
      await expect.poll(() => story.seen).toEqual(["b1"]);
      await expect.poll(() => story.count("outbox_parked")).toBe(1);
      await relay.drained();
      expect(state.tries).toBe(1);
      expect(await relay.stats()).toMatchObject({ waiting: 1, held: 1, parked: 1 });
      const parked = story.outbox.parked(story.database.pool);
      expect(await parked.count()).toBe(1);
      const [message] = await parked.list();
      expect(message).toMatchObject({ id, topic: story.topic.name, orderingKey: "a", attempts: 0 });
      expect(message?.reason).toMatch(/^LIMIT_EXCEEDED: the broker says no\. See /);
      expect(JSON.parse(Buffer.from(message?.body ?? "").toString())).toEqual({ key: "a", number: 1 });
      expect(Math.abs(Date.now() - Number(message?.parkedTime))).toBeLessThan(60_000);

      state.fails = false;
      expect(await parked.retry({ topic: "another" })).toBe(0);
      expect(await parked.retry({ ids: [id as string] })).toBe(1);
      await expect.poll(() => story.seen).toEqual(["b1", "a1", "a2"]);
      await expect.poll(() => story.count("outbox")).toBe(0);
      expect(await story.count("outbox_hold")).toBe(0);
    });

    test("a parked message that is discarded lets those behind it pass", async () => {
      const story = await openStory(kind, failingStep("a1", "INVALID_MESSAGE").failure);
      await story.commit("a1", "a2");
      await story.relay();
      await expect.poll(() => story.count("outbox_parked")).toBe(1);
      expect(await story.outbox.parked(story.database.pool).discard({ topic: story.topic, limit: 5 })).toBe(1);
      await expect.poll(() => story.seen).toEqual(["a2"]);
      expect(await story.count("outbox_parked")).toBe(0);
      expect(await story.count("outbox_hold")).toBe(0);
    });

    test('with onParked "skip" those behind a parked message are published', async () => {
      const story = await openStory(kind, failingStep("a1", "REJECTED").failure);
      await story.commit("a1", "a2");
      await story.relay({ onParked: "skip" });
      await expect.poll(() => story.seen).toEqual(["a2"]);
      await expect.poll(() => story.count("outbox_parked")).toBe(1);
    });

    test("an unknown error holds the key, and parks the message after maxAttempts", async () => {
      const { failure, state } = failingStep("a1", "UNKNOWN");
      const story = await openStory(kind, failure);
      await story.commit("a1", "a2", "b1");
      const relay = await story.relay({ maxAttempts: 2 });
      await expect.poll(() => story.seen).toEqual(["b1"]);
      await expect.poll(() => story.count("outbox_parked"), { timeout: 15_000 }).toBe(1);
      expect(state.tries).toBe(2);
      expect(story.seen).toEqual(["b1"]);
      const [message] = await story.outbox.parked(story.database.pool).list();
      expect(message).toMatchObject({
        attempts: 1,
        reason: expect.stringContaining("UNKNOWN: the broker says no. See https://"),
      });
      await expect.poll(() => relay.health()).toMatchObject({ status: "up", parked: 1 });
    });

    test("a key that was held goes on in its order when its message goes through", async () => {
      const { failure, state } = failingStep("a1", "UNKNOWN");
      const story = await openStory(kind, failure);
      await story.commit("a1", "a2");
      await story.relay();
      await expect.poll(() => story.count("outbox_hold")).toBe(1);
      state.fails = false;
      await story.commit("a3");
      await expect.poll(() => story.seen, { timeout: 15_000 }).toEqual(["a1", "a2", "a3"]);
      await expect.poll(() => story.count("outbox_hold")).toBe(0);
    });

    test("an error of the connection counts no attempt and holds nothing", async () => {
      const { failure, state } = failingStep("a1", "UNAVAILABLE");
      const story = await openStory(kind, failure);
      await story.commit("a1", "a2");
      const relay = await story.relay({ maxAttempts: 1 });
      await expect.poll(() => state.tries, { timeout: 15_000 }).toBeGreaterThan(2);
      expect(relay.health()).toMatchObject({
        status: "degraded",
        topics: [{ state: "waiting", error: { code: "UNAVAILABLE" } }],
      });
      expect(await story.count("outbox_parked")).toBe(0);
      expect(await story.count("outbox_hold")).toBe(0);
      state.fails = false;
      await expect.poll(() => story.seen, { timeout: 15_000 }).toEqual(["a1", "a2"]);
      await expect.poll(() => relay.health().status).toBe("up");
    });

    test("an error that an operator must correct holds the topic for all relays", async () => {
      const { failure, state } = failingStep("a1", "PERMISSION_DENIED");
      const story = await openStory(kind, failure);
      await story.commit("a1");
      const first = await story.relay();
      await expect.poll(() => story.count("outbox_hold")).toBe(1);
      const degraded = {
        status: "degraded",
        topics: [
          {
            state: "held",
            error: { code: "PERMISSION_DENIED", message: expect.stringContaining("the broker says no. See https://") },
          },
        ],
      };
      expect(first.health()).toMatchObject(degraded);
      const second = await story.relay();
      await expect.poll(() => second.health()).toMatchObject(degraded);
      state.fails = false;
      await expect.poll(() => story.seen, { timeout: 15_000 }).toEqual(["a1"]);
      await expect.poll(() => story.count("outbox_hold")).toBe(0);
      await expect.poll(() => [first.health().status, second.health().status]).toEqual(["up", "up"]);
    });

    test("a message that cannot be read is parked", async () => {
      const story = await openStory(kind);
      const { pool, tables } = story.database;
      const table = `${tables.schema === undefined ? "" : `${tables.schema}.`}anytopic_outbox`;
      const ids = await story.commit("a1", "b1", "c1");
      await pool.query(`UPDATE ${table} SET attributes = $1 WHERE message_id = $2`, ["{", ids[0] as string]);
      await pool.query(`UPDATE ${table} SET attributes = $1 WHERE message_id = $2`, [
        '{"anytopic-x":"1"}',
        ids[1] as string,
      ]);
      await story.relay();
      await expect.poll(() => story.seen).toEqual(["c1"]);
      await expect.poll(() => story.count("outbox_parked")).toBe(2);
      const reasons = (await story.outbox.parked(pool).list()).map(({ reason }) => reason);
      expect(reasons).toEqual([
        expect.stringMatching(/^INVALID_MESSAGE: /),
        expect.stringMatching(/^INVALID_MESSAGE: /),
      ]);
    });
  });
});
