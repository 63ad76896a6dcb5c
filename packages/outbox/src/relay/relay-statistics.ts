import type { SqlExecutor, SqlPool } from "@anytopic/sql";
import type { OutboxTables } from "./sql/outbox-tables.ts";
import { joined, run, sql, type Statement, text } from "./sql/statement.ts";
import { WORDS } from "./sql/words.ts";

/** What is in an outbox, of some topics. */
export interface RelayStatistics {
  /** Messages that are committed and not published yet, those that are held among them. */
  readonly waiting: number;
  /** How long ago the oldest of them was published by its transaction, in ms; 0 when there is none. Of clocks of two machines. */
  readonly oldestAgeMs: number;
  /** Topics and ordering keys that wait after a failure, also those that wait behind a parked message. */
  readonly held: number;
  /** Messages that are parked. */
  readonly parked: number;
  readonly topics: readonly RelayTopicStatistics[];
}

/** The same of one topic. */
export interface RelayTopicStatistics extends Omit<RelayStatistics, "topics"> {
  readonly topic: string;
}

/** Counts the rows. */
export async function readRelayStatistics(
  pool: SqlPool,
  tables: OutboxTables,
  topics: readonly string[],
): Promise<RelayStatistics> {
  const words = WORDS[pool.dialect];
  const of = topicsIn(topics);
  const age = sql`${words.unixMs(words.now)} - ${words.unixMs(text("MIN(publish_time)"))}`;
  const [waiting, held, parked] = await Promise.all([
    byTopic(
      pool,
      sql`SELECT topic, COUNT(*) AS number, ${age} AS age FROM ${tables.outbox} WHERE ${of} GROUP BY topic`,
    ),
    byTopic(
      pool,
      sql`SELECT topic, COUNT(*) AS number FROM ${tables.hold} WHERE ${of} AND until > ${words.now} GROUP BY topic`,
    ),
    byTopic(pool, sql`SELECT topic, COUNT(*) AS number FROM ${tables.parked} WHERE ${of} GROUP BY topic`),
  ]);
  const each = topics.map((topic): RelayTopicStatistics => ({
    topic,
    waiting: waiting.get(topic)?.number ?? 0,
    oldestAgeMs: Math.max(0, Math.round(waiting.get(topic)?.age ?? 0)),
    held: held.get(topic)?.number ?? 0,
    parked: parked.get(topic)?.number ?? 0,
  }));
  const sum = (field: "waiting" | "held" | "parked"): number => each.reduce((all, one) => all + one[field], 0);
  const oldestAgeMs = Math.max(0, ...each.map((one) => one.oldestAgeMs));
  return { waiting: sum("waiting"), oldestAgeMs, held: sum("held"), parked: sum("parked"), topics: each };
}

function topicsIn(topics: readonly string[]): Statement {
  const names = joined(
    topics.map((topic) => sql`${topic}`),
    ", ",
  );
  return sql`topic IN (${names})`;
}

async function byTopic(
  executor: SqlExecutor,
  statement: Statement,
): Promise<ReadonlyMap<string, { readonly number: number; readonly age: number }>> {
  const rows = await run(executor, statement);
  return new Map(
    rows.map((row) => [String(row["topic"]), { number: Number(row["number"]), age: Number(row["age"] ?? 0) }]),
  );
}
