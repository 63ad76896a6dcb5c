import { databaseServerOrSkip } from "@anytopic/brokers";
import { randomUUID } from "node:crypto";
import { checkScheduleStore } from "@anytopic/conformance";
import { connect, defineSubscription, defineTopic, type ScheduledMessage, silentLogger } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { sqlScheduleStore } from "@anytopic/sql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { kinds, type ScheduleDatabase } from "./schedule-databases.ts";

const listens = await Promise.all(kinds.map(async ({ url }) => url === undefined || (await databaseServerOrSkip(url))));

for (const [index, { name, create }] of kinds.entries()) {
  describe.skipIf(listens[index] === false)(`on ${name}`, () => {
    let database: ScheduleDatabase;
    beforeAll(async () => {
      database = await create();
    });
    afterAll(async () => {
      await database.close();
    });

    test("the store keeps every promise", { timeout: 60_000 }, async () => {
      const kept = await checkScheduleStore(() => sqlScheduleStore(database.open(), database.place));
      expect(kept).toHaveLength(8);
    });

    test("a large batch is stored as a whole, and claimed in parts", { timeout: 60_000 }, async () => {
      const store = sqlScheduleStore(database.open(), database.place);
      const topic = `large-${randomUUID().slice(0, 8)}`;
      const body = Buffer.alloc(1_500_000, "x");
      const due = { atMs: 0, delayMs: undefined };
      const messages = Array.from({ length: 6 }, (): ScheduledMessage => ({
        topic,
        id: randomUUID(),
        body,
        attributes: {},
        publishTimeMs: 1,
        due,
      }));
      await store.add(messages);
      const sizes: number[] = [];
      for (let left = messages.length; left > 0;) {
        const claimed = await store.claimDue([topic], 100, 60_000);
        expect(claimed.length).toBeGreaterThan(0);
        sizes.push(claimed.length);
        left -= claimed.length;
      }
      expect(sizes).toEqual([2, 2, 2]);
    });

    test("connections that share the store publish each message once, also those of a connection that is gone", async () => {
      const topic = defineTopic<{ readonly n: number }>(`shared-${randomUUID().slice(0, 8)}`);
      const subscription = defineSubscription(topic, "all");
      const broker = randomUUID();
      const open = () =>
        connect(memoryWithoutDelays(broker), {
          declarations: [subscription],
          schedule: sqlScheduleStore(database.open(), database.place),
          logger: silentLogger,
        });
      const [gone, ...others] = await Promise.all([open(), open(), open()]);
      const received: number[] = [];
      await others[0]?.subscribe(subscription, ({ n }) => void received.push(n));
      await Promise.all(Array.from({ length: 40 }, (_, n) => gone?.publish(topic, { n }, { delayMs: 500 + 20 * n })));
      await gone?.close();
      await expect.poll(() => received.length).toBe(40);
      expect(received.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
      expect(await others[1]?.scheduled(topic)).toEqual([]);
      await Promise.all(others.map((pubsub) => pubsub.close()));
    });
  });
}

/** The broker in memory, as if it could not delay publishes itself. */
function memoryWithoutDelays(name: string): ReturnType<typeof memory> {
  const adapter = memory({ name });
  return { ...adapter, capabilities: Object.freeze({ ...adapter.capabilities, publishDelay: "store" }) };
}
