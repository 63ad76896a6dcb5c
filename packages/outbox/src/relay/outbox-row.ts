import type { RelayMessage } from "@anytopic/core/relay";
import type { SqlRow } from "@anytopic/sql";

/** A message of the outbox, as the relay reads it. */
export interface OutboxRow {
  readonly seq: number;
  readonly topic: string;
  /** What holds it while others of its topic may pass: its ordering key, or its id when it has none. */
  readonly holdKey: string;
  /** How often it has failed. */
  readonly attempts: number;
  /** Its bytes in memory, about. */
  readonly bytes: number;
  readonly message: RelayMessage;
}

/** Reads a row of the database. What is wrong in it is found when it is published: whoever may write to the table is a stranger. */
export function outboxRow(row: SqlRow): OutboxRow {
  const topic = String(row["topic"]);
  const id = String(row["message_id"]);
  const key = row["ordering_key"];
  const orderingKey = typeof key === "string" ? key : undefined;
  const body = row["body"] as Uint8Array;
  return {
    seq: Number(row["seq"]),
    topic,
    holdKey: orderingKey ?? id,
    attempts: Number(row["attempts"]),
    bytes: body?.byteLength ?? 0,
    message: {
      topic,
      id,
      body,
      attributes: attributesOf(row["attributes"]),
      orderingKey,
      publishTimeMs: Number(row["publish_time_ms"]),
    },
  };
}

/** The stored JSON, or something that no publish accepts. */
function attributesOf(stored: unknown): Record<string, string> {
  try {
    return JSON.parse(stored as string) as Record<string, string>;
  } catch {
    return null as never;
  }
}
