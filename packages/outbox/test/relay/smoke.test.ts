import { connect, defineTopic, defineSubscription } from "@anytopic/core";
import { expect, test } from "vitest";
import { openDatabase } from "./databases.ts";
import { Relay } from "../../src/relay/relay.ts";
import { tableNames } from "@anytopic/sql";

const T = defineTopic<{ n: number; key: string }>("orders", { orderingKey: ({ key }) => key });
const S = defineSubscription(T, "s");
test.each(["pg", "postgres.js", "mysql2", "node:sqlite"] as const)("%s", async (kind) => {
  const db = await openDatabase(kind);
  const pubsub = await connect("memory:", { declarations: [S] });
  const got: string[] = [];
  await pubsub.subscribe(S, (event) => void got.push(`${event.key}${event.n}`));
  const name = tableNames(db.dialect, db.tables)("outbox");
  const time = db.dialect === "postgres" ? "now()" : db.dialect === "mysql" ? "UTC_TIMESTAMP(3)" : "1790000000000";
  for (let n = 0; n < 20; n += 1) {
    const key = `k${n % 3}`;
    await db.pool.query(`INSERT INTO ${name} (lane, topic, message_id, ordering_key, body, attributes, publish_time) VALUES ($1, 'orders', $2, $3, $4, '{}', ${time})`, [n % 3, `id${n}`, key, Buffer.from(JSON.stringify({ n, key }))]);
  }
  const relay = new Relay(pubsub, db.tables, { pool: db.pool, topics: [T], logger: { error: console.log, warn: console.log, info: console.log, debug: console.log } as never }, () => {});
  await expect.poll(() => { const h = relay.health(); return h.databaseError ?? h.published; }).toBe(20);
  await expect.poll(() => got.length).toBe(20);
  console.log(await relay.stats(), relay.health(), got.join());
  await relay.close();
  await pubsub.close();
  await db.close();
});
