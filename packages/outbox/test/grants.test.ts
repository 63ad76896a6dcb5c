import { mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { randomBytes } from "node:crypto";

import { connect, defineSubscription, defineTopic, type PubSub, type Topic } from "@anytopic/core";
import { createOutbox, type Outbox } from "@anytopic/outbox";
import {
  fromMysql2,
  fromPg,
  type GrantedTask,
  grants,
  mysql2Pool,
  pgPool,
  type SqlExecutor,
  type SqlPool,
} from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { storedRows } from "./stored-rows.ts";
import { availableDatabases, type TestDatabase } from "./test-databases.ts";

interface Order {
  readonly customer: string;
  readonly n: number;
}
const Orders = defineTopic<Order>("orders", { orderingKey: ({ customer }) => customer });
const Bill = defineSubscription(Orders, "bill");
/** Of the server, when a privilege is missing. */
const notAllowed = /must be owner|denied/;
const DENIED = { postgres: { code: "42501" }, mysql: { code: "ER_TABLEACCESS_DENIED_ERROR" } } as const;

/** A role of the server that has what one task needs, and nothing else. */
interface Role {
  readonly pool: SqlPool;
  readonly close: () => Promise<void>;
}

// SQLite has no roles. One library for each server is enough.
const kinds = (await availableDatabases()).filter(({ name }) => /with (pg|mysql2)$/.test(name));

describe.each(kinds)("grants on $name", ({ dialect, open }) => {
  let database: TestDatabase;
  let outbox: Outbox<SqlExecutor>;
  const roles: Role[] = [];
  const denied = DENIED[dialect as keyof typeof DENIED];

  const roleFor = async (task: GrantedTask): Promise<SqlPool> => {
    const name = `outbox_${task}_${randomBytes(4).toString("hex")}`;
    const role = await (dialect === "postgres" ? postgresRole(name) : mysqlRole(name));
    roles.push(role);
    const account = dialect === "postgres" ? name : `${name}@%`;
    for (const statement of grants(dialect, { ...database.place, task, role: account }))
      await database.query(statement);
    return role.pool;
  };

  const postgresRole = async (name: string): Promise<Role> => {
    await database.query(`CREATE ROLE ${name} LOGIN`);
    const url = new URL(postgresUrl);
    url.username = name;
    const pool = new Pool({ connectionString: url.href, max: 10 });
    return {
      pool: pgPool(pool),
      async close() {
        await pool.end();
        await database.query(`DROP OWNED BY ${name}`);
        await database.query(`DROP ROLE ${name}`);
      },
    };
  };

  const mysqlRole = async (name: string): Promise<Role> => {
    const password = randomBytes(12).toString("hex");
    await database.query(`CREATE USER '${name}'@'%' IDENTIFIED BY '${password}'`);
    const { hostname, port } = new URL(mysqlUrl);
    const pool = createPool({ host: hostname, port: Number(port), user: name, password, connectionLimit: 10 });
    return {
      pool: mysql2Pool(pool),
      async close() {
        await pool.end();
        await database.query(`DROP USER '${name}'@'%'`);
      },
    };
  };

  beforeAll(async () => {
    database = await open();
    outbox = createOutbox({ dialect, executor: (tx: SqlExecutor) => tx, ...database.place });
  });
  beforeEach(async () => void (await database.query(`DELETE FROM ${database.table("outbox")}`)));
  afterAll(async () => {
    for (const role of roles) await role.close();
    await database?.close();
  });

  test("let a writer publish, and do nothing else", async () => {
    const writer = await roleFor("writer");
    await writer.transaction(async (tx) => {
      await outbox.publish(tx, Orders, { customer: "ada", n: 1 }, { id: "one" });
      await outbox.publishBatch(tx, Orders, [{ event: { customer: "bob", n: 2 }, id: "two" }]);
    });
    expect((await storedRows(database)).map(({ id }) => id)).toEqual(["one", "two"]);
    const { table } = database;
    const refused = [
      `SELECT body FROM ${table("outbox")}`,
      `DELETE FROM ${table("outbox")}`,
      `UPDATE ${table("outbox")} SET attempts = 1`,
      ...["outbox_lane", "outbox_hold", "outbox_parked", "migration"].map((name) => `SELECT * FROM ${table(name)}`),
      `INSERT INTO ${table("outbox_hold")} (topic, ordering_key, until, error) VALUES ('orders', '', '2999-01-01', '')`,
    ];
    for (const statement of refused) await expect(writer.query(statement, [])).rejects.toMatchObject(denied);
    await expect(writer.query(`DROP TABLE ${table("outbox")}`, [])).rejects.toThrow(notAllowed);
  });

  test("let a relay publish, park, retry and discard, and make no table", async () => {
    const pool = await roleFor("relay");
    const pubsub = await connect("memory:", { declarations: [Bill] });
    try {
      const seen: string[] = [];
      await pubsub.subscribe(Bill, (_, { id }) => void seen.push(id));
      await relayed(pubsub, pool, ["one", "two"], Orders);
      await expect.poll(() => seen).toEqual(["one", "two"]);
      // A message that no publish accepts.
      await database.query(
        `INSERT INTO ${database.table("outbox")} (lane, topic, message_id, body, attributes, publish_time) VALUES (0, 'orders', 'bad', '', '[', '2026-01-01')`,
      );
      const parked = outbox.parked(pool);
      await using relay = await outbox.relay(pubsub, { pool, topics: [Orders] });
      await expect.poll(() => parked.count()).toBe(1);
      expect(await parked.retry()).toBe(1);
      await expect.poll(() => parked.count()).toBe(1);
      expect(await parked.discard()).toBe(1);
      await relay.close();
    } finally {
      await pubsub.close();
    }
    await expect(pool.query(`DROP TABLE ${database.table("outbox")}`, [])).rejects.toThrow(notAllowed);
  });

  async function relayed(pubsub: PubSub, pool: SqlPool, ids: readonly string[], topic: Topic<Order>): Promise<void> {
    const executor = dialect === "postgres" ? fromPg : fromMysql2;
    const owner = createOutbox({ dialect, executor: executor as (tx: object) => SqlExecutor, ...database.place });
    await database.transaction((tx) =>
      owner.publishBatch(
        tx,
        topic,
        ids.map((id, n) => ({ event: { customer: "ada", n }, id })),
      ),
    );
    await using relay = await outbox.relay(pubsub, { pool, topics: [topic] });
    await expect.poll(async () => (await storedRows(database)).length).toBe(0);
    await relay.close();
  }

  test.each([{ role: "a b" }, { role: 'a"b' }, { role: "a'@'%" }, { role: "" }, { task: "owner", role: "app@%" }])(
    "refuse %j",
    (options) => {
      expect(() => grants(dialect, { task: "writer", ...options } as never)).toThrow(TypeError);
    },
  );
});

test("grants of SQLite are refused, because it has no roles", () => {
  expect(() => grants("sqlite", { task: "writer", role: "app" })).toThrow(/SQLite has no roles/);
});
