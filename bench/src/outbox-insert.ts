import { mysqlUrl, postgresUrl } from "@anytopic/brokers";
import { randomUUID } from "node:crypto";

import { defineTopic, type Topic } from "@anytopic/core";
import { createOutbox } from "@anytopic/outbox";
import { applyMigrations, fromMysql2, fromPg, type SqlExecutor } from "@anytopic/sql";
import { createPool } from "mysql2/promise";
import { Pool } from "pg";

import { sample } from "./compare-forms.ts";
import { type BenchEvent, nextEvent } from "./event.ts";
import { median } from "./median.ts";

const COUNT = Number(process.env["COUNT"] ?? 3000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 7);
/** Transactions under way. */
const WRITERS = 8;
const KEYS = 1000;
const BATCH = 20;

const Events = defineTopic<BenchEvent>("events");
const Keyed = defineTopic<BenchEvent>("keyed", { orderingKey: ({ id }) => `key-${id % KEYS}` });

/** What a transaction does beside the application's own insert. */
interface Work {
  readonly name: string;
  readonly events: number;
  run(tx: object, executor: SqlExecutor): Promise<unknown>;
}

interface Database {
  readonly name: string;
  readonly dialect: "postgres" | "mysql";
  readonly executor: (tx: object) => SqlExecutor;
  transaction(work: (tx: object) => Promise<unknown>): Promise<void>;
  query(sql: string): Promise<unknown>;
  close(): Promise<void>;
}

/** What a publish inside a transaction costs against an insert by hand, on PostgreSQL and MariaDB. */
export async function benchOutboxInsert(): Promise<void> {
  for (const open of [postgres, mysql]) {
    const database = await open();
    try {
      await database.query("CREATE TABLE bench_effect (id bigint, note varchar(100))");
      await database.transaction((tx) => applyMigrations(database.executor(tx), { dialect: database.dialect }));
      await compare(database, worksOf(database));
    } finally {
      await database.close();
    }
  }
}

function worksOf({ dialect, executor }: Database): readonly Work[] {
  const outbox = createOutbox({ dialect, executor });
  const publish = (name: string, topic: Topic<BenchEvent>): Work => ({
    name,
    events: 1,
    run: (tx) => outbox.publish(tx, topic, nextEvent()),
  });
  return [
    { name: "insert by hand", events: 1, run: (_, tx) => tx.query(insertOf(dialect, 1), byHand(dialect)) },
    publish("outbox.publish", Events),
    publish(`outbox.publish, ${KEYS} keys`, Keyed),
    { name: "no event", events: 0, run: async () => {} },
    {
      name: `${BATCH} rows by hand`,
      events: BATCH,
      run: (_, tx) => tx.query(insertOf(dialect, BATCH), Array.from({ length: BATCH }, () => byHand(dialect)).flat()),
    },
    {
      name: `outbox.publishBatch of ${BATCH}`,
      events: BATCH,
      run: (tx) =>
        outbox.publishBatch(
          tx,
          Events,
          Array.from({ length: BATCH }, () => ({ event: nextEvent() })),
        ),
    },
  ];
}

/** As somebody writes it for one application: into the same table, with an id, and the time of the database. */
function insertOf(dialect: Database["dialect"], rows: number): string {
  const time = dialect === "postgres" ? "now()" : "UTC_TIMESTAMP(3)";
  const values = Array.from({ length: rows }, (_, row) => {
    const [lane, topic, id, body, attributes] = Array.from({ length: 5 }, (__, column) => `$${row * 5 + column + 1}`);
    return `(${lane}, ${topic}, ${id}, ${body}, ${attributes}, ${time})`;
  });
  return `INSERT INTO anytopic_outbox (lane, topic, message_id, body, attributes, publish_time) VALUES ${values.join(", ")}`;
}

function byHand(dialect: Database["dialect"]): (string | number | Uint8Array)[] {
  const event = nextEvent();
  const body = Buffer.from(JSON.stringify(event));
  return [dialect === "postgres" ? event.id % 16 : String(event.id % 16), "events", randomUUID(), body, "{}"];
}

async function compare(database: Database, works: readonly Work[]): Promise<void> {
  const taken = new Map(works.map((work) => [work, [] as { perSecond: number; cpuMicros: number }[]]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    const order = round % 2 === 0 ? works : works.toReversed();
    for (const work of order) {
      await database.query("TRUNCATE TABLE anytopic_outbox");
      const one = await sample(COUNT, () => transactions(database, work));
      if (round > 0) taken.get(work)?.push(one);
    }
  }
  console.log(
    `\n${database.name}: medians of ${ROUNDS} rounds of ${COUNT} transactions, ${WRITERS} at a time, each with an insert of its own`,
  );
  for (const [work, samples] of taken) {
    const first = works.find(({ events }) => events === work.events);
    const base = taken.get(first ?? work) ?? samples;
    const ratio = median(samples.map(({ perSecond }, round) => perSecond / (base[round]?.perSecond ?? Number.NaN)));
    const rate = Math.round(median(samples.map(({ perSecond }) => perSecond))).toLocaleString("en");
    const cpu = median(samples.map(({ cpuMicros }) => cpuMicros)).toFixed(0);
    console.log(`  ${work.name.padEnd(32)}${rate.padStart(8)} tx/s ${cpu.padStart(6)} µs CPU  ${ratio.toFixed(2)}`);
  }
}

async function transactions(database: Database, work: Work): Promise<void> {
  let left = COUNT;
  const writer = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const id = left;
      await database.transaction(async (tx) => {
        const executor = database.executor(tx);
        await executor.query("INSERT INTO bench_effect (id, note) VALUES ($1, $2)", [
          id,
          "an effect of the application",
        ]);
        await work.run(tx, executor);
      });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

const placeName = (): string => `bench_${randomUUID().slice(0, 8)}`;

async function postgres(): Promise<Database> {
  const schema = placeName();
  const admin = new Pool({ connectionString: postgresUrl, max: 1 });
  await admin.query(`CREATE SCHEMA ${schema}`);
  const pool = new Pool({ connectionString: postgresUrl, max: WRITERS, options: `-c search_path=${schema}` });
  return {
    name: "PostgreSQL, pg",
    dialect: "postgres",
    executor: (tx) => fromPg(tx as never),
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        await work(client);
        await client.query("COMMIT");
      } finally {
        client.release();
      }
    },
    query: (sql) => pool.query(sql),
    async close() {
      await pool.end();
      await admin.query(`DROP SCHEMA ${schema} CASCADE`);
      await admin.end();
    },
  };
}

async function mysql(): Promise<Database> {
  const schema = placeName();
  const admin = createPool({ uri: mysqlUrl, connectionLimit: 1 });
  await admin.query(`CREATE DATABASE ${schema}`);
  const pool = createPool({ uri: mysqlUrl, connectionLimit: WRITERS, database: schema });
  return {
    name: "MariaDB, mysql2",
    dialect: "mysql",
    executor: (tx) => fromMysql2(tx as never),
    async transaction(work) {
      const connection = await pool.getConnection();
      try {
        await connection.beginTransaction();
        await work(connection);
        await connection.commit();
      } finally {
        connection.release();
      }
    },
    query: (sql) => pool.query(sql),
    async close() {
      await pool.end();
      await admin.query(`DROP DATABASE ${schema}`);
      await admin.end();
    },
  };
}
