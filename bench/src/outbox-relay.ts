import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { type Broker, startBroker, postgresUrl } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub, type Topic } from "@anytopic/core";
import { publishEncoded } from "@anytopic/core/relay";
import { createOutbox, type Outbox } from "@anytopic/outbox";
import { applyMigrations, pgPool, type SqlExecutor, type SqlPool } from "@anytopic/sql";
import { jetstream } from "@nats-io/jetstream";
import { connect as connectRaw, type NatsConnection } from "@nats-io/transport-node";
import { Pool } from "pg";

import { median, quantile } from "./median.ts";

const COUNT = Number(process.env["COUNT"] ?? 20_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 5);
const SECONDS = Number(process.env["SECONDS"] ?? 5);
const BATCH = 500;
const KEYS = 1000;

const Plain = defineTopic<object>("relayed");
const Keyed = defineTopic<object>("relayed-keyed", { orderingKey: () => "unused" });

/** One way to publish what is in the table. Resolves when it is empty. */
interface RelayForm {
  readonly name: string;
  run(): Promise<unknown>;
}

interface Bench {
  readonly pg: Pool;
  readonly pool: SqlPool;
  readonly schema: string;
  readonly outbox: Outbox<SqlExecutor>;
  /** The same tables, with notifications. */
  readonly writer: Outbox<SqlExecutor>;
  readonly pubsub: PubSub;
  readonly nats: NatsConnection;
}

/** What the relay publishes in a second against loops by hand, and how long an event takes from the commit to its handler. */
export async function benchOutboxRelay(): Promise<void> {
  const broker = await startBroker("nats");
  const bench = await openBench(broker);
  try {
    await compareRates(bench, "no ordering key", Plain, [
      { name: "SKIP LOCKED by hand, js.publish", run: async () => await byHand(bench, rawPublish(bench.nats)) },
      { name: "the same, anytopic publishes", run: async () => await byHand(bench, ownPublish(bench.pubsub)) },
      { name: "relay, 1 lane", run: async () => await relayed(bench, Plain, 1) },
      { name: "relay, 4 lanes", run: async () => await relayed(bench, Plain, 4) },
    ]);
    await compareRates(bench, `${KEYS} ordering keys, which only the relay keeps in order`, Keyed, [
      { name: "SKIP LOCKED by hand, js.publish", run: async () => await byHand(bench, rawPublish(bench.nats)) },
      { name: "relay, 4 lanes", run: async () => await relayed(bench, Keyed, 4) },
    ]);
    await compareLatencies(bench);
  } finally {
    await bench.nats.close();
    await bench.pubsub.close();
    await bench.pg.query(`DROP SCHEMA ${bench.schema} CASCADE`);
    await bench.pg.end();
    await broker.close();
  }
}

async function openBench(broker: Broker): Promise<Bench> {
  const schema = `bench_${randomUUID().slice(0, 8)}`;
  const pg = new Pool({ connectionString: postgresUrl, max: 10 });
  await pg.query(`CREATE SCHEMA ${schema}`);
  const pool = pgPool(pg);
  await pool.transaction(async (tx) => await applyMigrations(tx, { dialect: "postgres", schema }));
  const options = { dialect: "postgres", schema, executor: (tx: SqlExecutor) => tx } as const;
  const [outbox, writer] = [createOutbox(options), createOutbox({ ...options, notify: pool })];
  const pubsub = await connect(broker.url, { declarations: [Plain, Keyed] });
  await pubsub.apply([Plain, Keyed]);
  return {
    pg,
    pool,
    schema,
    outbox,
    writer,
    pubsub,
    nats: await connectRaw({ servers: broker.url, noAsyncTraces: true }),
  };
}

/** Rows of 1 KiB, as `outbox.publish` writes them. */
async function fill({ pg, schema }: Bench, topic: Topic<object>): Promise<void> {
  const key = topic === Keyed ? `'key-' || n % ${KEYS}` : "NULL";
  await pg.query(`TRUNCATE ${schema}.anytopic_outbox`);
  await pg.query(
    `INSERT INTO ${schema}.anytopic_outbox (lane, topic, message_id, ordering_key, body, attributes, publish_time)
     SELECT (n % ${KEYS}) % 16, $1, gen_random_uuid()::text, ${key}, convert_to(json_build_object('text', repeat('x', 1010))::text, 'UTF8'), '{}', now()
     FROM generate_series(1, $2::integer) AS n`,
    [topic.name, COUNT],
  );
  await pg.query(`VACUUM ANALYZE ${schema}.anytopic_outbox`);
  // A loop by hand has a table of its own, with the index that it needs.
  await pg.query(`DROP TABLE IF EXISTS ${schema}.by_hand`);
  await pg.query(
    `CREATE TABLE ${schema}.by_hand AS SELECT seq, topic, message_id, ordering_key, body FROM ${schema}.anytopic_outbox`,
  );
  await pg.query(`ALTER TABLE ${schema}.by_hand ADD PRIMARY KEY (seq)`);
  await pg.query(`VACUUM ANALYZE ${schema}.by_hand`);
}

interface Row {
  readonly seq: string;
  readonly topic: string;
  readonly message_id: string;
  readonly ordering_key: string | null;
  readonly body: Buffer;
}

type PublishRows = (rows: readonly Row[]) => Promise<unknown>;

/** What a good engineer writes in an afternoon: no order, no holds, nothing parked. */
async function byHand({ pg, schema }: Bench, publish: PublishRows): Promise<void> {
  const client = await pg.connect();
  try {
    for (;;) {
      await client.query("BEGIN");
      const { rows } = await client.query<Row>(
        `SELECT seq, topic, message_id, ordering_key, body FROM ${schema}.by_hand ORDER BY seq LIMIT ${BATCH} FOR UPDATE SKIP LOCKED`,
      );
      await publish(rows);
      await client.query(`DELETE FROM ${schema}.by_hand WHERE seq = ANY ($1::bigint[])`, [rows.map(({ seq }) => seq)]);
      await client.query("COMMIT");
      if (rows.length === 0) return;
    }
  } finally {
    client.release();
  }
}

/** As the client's documentation shows it, into the stream of the topic. */
function rawPublish(nats: NatsConnection): PublishRows {
  const js = jetstream(nats);
  return async (rows) =>
    await Promise.all(rows.map(({ topic, message_id, body }) => js.publish(topic, body, { msgID: message_id })));
}

function ownPublish(pubsub: PubSub): PublishRows {
  return async (rows) => {
    const messages = rows.map(({ topic, message_id, body }) => ({
      topic,
      id: message_id,
      body,
      attributes: {},
      orderingKey: undefined,
      publishTimeMs: 0,
    }));
    if (messages.length > 0) await publishEncoded(pubsub, Plain, messages);
  };
}

async function relayed({ outbox, pubsub, pool }: Bench, topic: Topic<object>, lanes: number): Promise<void> {
  const relay = await outbox.relay(pubsub, { pool, topics: [topic], lanes });
  while (relay.health().published < COUNT) await pause(1);
  await relay.close();
}

async function compareRates(
  bench: Bench,
  what: string,
  topic: Topic<object>,
  forms: readonly RelayForm[],
): Promise<void> {
  const rates = new Map(forms.map((form) => [form, [] as number[]]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const form of round % 2 === 0 ? forms : forms.toReversed()) {
      await fill(bench, topic);
      const startMs = performance.now();
      await form.run();
      if (round > 0) rates.get(form)?.push((COUNT / (performance.now() - startMs)) * 1000);
    }
  }
  console.log(
    `\nrelay to NATS from PostgreSQL, ${what}: medians of ${ROUNDS} rounds of ${COUNT} rows of 1 KiB, ${BATCH} in a batch`,
  );
  const base = rates.get(forms[0] as RelayForm) as number[];
  for (const [{ name }, all] of rates) {
    const ratio = median(all.map((rate, round) => rate / (base[round] as number)));
    console.log(
      `  ${name.padEnd(34)}${Math.round(median(all)).toLocaleString("en").padStart(8)} rows/s  ${ratio.toFixed(2)}`,
    );
  }
}

/** One event after the other: from the moment in which COMMIT is sent, to the handler. */
async function compareLatencies({ outbox, writer, pubsub, pool }: Bench): Promise<void> {
  const Timed = defineTopic<{ readonly number: number }>("relayed-timed");
  const Seen = defineSubscription(Timed, "seen");
  await pubsub.apply([Seen]);
  let seen: (() => void) | undefined;
  await pubsub.subscribe(Seen, () => seen?.());
  console.log(`\nfrom the commit to the handler, one event after the other, for ${SECONDS} s`);
  const ways = [
    { name: "outbox.wake() in the process", listen: false, wake: true },
    { name: "NOTIFY after the commit", listen: true, wake: true },
    { name: "polling every 100 ms", listen: false, wake: false },
  ];
  for (const { name, listen, wake } of ways) {
    const relay = await outbox.relay(pubsub, { pool, topics: [Timed], listen });
    // Another outbox has no relay in this process: its wake-up is the notification alone.
    const caller = listen ? writer : outbox;
    const tookMs: number[] = [];
    for (const endMs = performance.now() + SECONDS * 1000; performance.now() < endMs;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      seen = resolve;
      let startMs = 0;
      await pool.transaction(async (tx) => {
        await outbox.publish(tx, Timed, { number: tookMs.length });
        startMs = performance.now();
      });
      if (wake) caller.wake();
      await promise;
      tookMs.push(performance.now() - startMs);
      await pause(25);
    }
    await relay.close();
    const [half, most] = [quantile(tookMs, 0.5), quantile(tookMs, 0.99)];
    console.log(
      `  ${name.padEnd(34)}p50 ${half.toFixed(1).padStart(6)} ms, p99 ${most.toFixed(1).padStart(6)} ms, ${tookMs.length} events`,
    );
  }
}
