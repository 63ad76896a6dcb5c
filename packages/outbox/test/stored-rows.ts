import type { TestDatabase } from "./test-databases.ts";

/** A row of the outbox, in one form for all databases. */
export interface StoredRow {
  readonly seq: number;
  readonly lane: number;
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly body: Buffer;
  readonly attributes: unknown;
  readonly publishTimeMs: number;
}

const TIMES = {
  postgres: "extract(epoch FROM publish_time) * 1000",
  mysql: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', publish_time) / 1000",
  sqlite: "publish_time",
} as const;

/** What is committed, in the order of the numbers. */
export async function storedRows(database: TestDatabase): Promise<readonly StoredRow[]> {
  const rows = await database.query(
    `SELECT seq, lane, topic, message_id, ordering_key, body, attributes, ${TIMES[database.dialect]} AS ms FROM ${database.table("outbox")} ORDER BY seq`,
  );
  return rows.map((row) => ({
    seq: Number(row["seq"]),
    lane: Number(row["lane"]),
    topic: String(row["topic"]),
    id: String(row["message_id"]),
    key: row["ordering_key"] as string | null,
    body: Buffer.from(row["body"] as Uint8Array),
    attributes: JSON.parse(String(row["attributes"])) as unknown,
    publishTimeMs: Number(row["ms"]),
  }));
}
