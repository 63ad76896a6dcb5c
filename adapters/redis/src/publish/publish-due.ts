import type { TopicSpec } from "@anytopic/core/driver";
import type { Connection } from "../connection.ts";
import { ANSWER_BYTES, DEDUPLICATION_WINDOW_MS } from "../limits.ts";
import type { TopicNames } from "../names.ts";
import { PUBLISH_DUE } from "../scripts/schedule.ts";

/** How many messages one call of the script publishes at most. */
const MOVE_LIMIT = 200;

/** Publishes the messages of a topic that are due. Resolves with the ms until the next one is due, or -1 when none waits. */
export async function publishDue(connection: Connection, topic: TopicSpec, names: TopicNames): Promise<number> {
  const keys = [names.stream, names.later, names.kept, ...names.seen];
  const limits = [String(MOVE_LIMIT), String(ANSWER_BYTES)];
  const args = [...limits, topic.exactlyOnce ? "1" : "0", String(DEDUPLICATION_WINDOW_MS)];
  return (await connection.script(PUBLISH_DUE, keys, args)) as number;
}
