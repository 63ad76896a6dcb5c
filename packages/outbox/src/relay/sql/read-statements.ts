import type { OutboxTables } from "./outbox-tables.ts";
import { joined, sql, type Statement, text } from "./statement.ts";
import type { Words } from "./words.ts";

/** Of one lane, the messages of one topic. */
export interface TopicPart {
  readonly topic: string;
  /** No message below this number can be there, see `Floors`. */
  readonly floor: number;
}

/** The lanes in which there are messages of these topics, as `lane` and the topic's index. One probe of an index for each lane and topic. */
export function lanesWithWork({ outbox, lane }: OutboxTables, words: Words, topics: readonly TopicPart[]): Statement {
  // A subquery with a LIMIT is never turned into a join, which could read the whole table.
  const probes = topics.map(
    (
      { topic, floor },
      index,
    ) => sql`SELECT l.lane, ${text(String(index))} AS topic_index FROM ${lane} l WHERE (SELECT o.seq FROM ${outbox} o ${words.byPrimaryKey}
      WHERE o.lane = l.lane AND o.topic = ${topic} AND o.seq >= ${floor} ORDER BY o.seq LIMIT 1) IS NOT NULL`,
  );
  return joined(probes, " UNION ALL ");
}

/** Locks the lane, unless somebody else has it: then there is no row. */
export function lockLane({ lane }: OutboxTables, words: Words, number: number): Statement {
  return sql`SELECT lane FROM ${lane} WHERE lane = ${number} ${words.lockFree}`;
}

/** How much one transaction takes. */
export interface BatchSize {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * The messages that may be published now, in order, with the next ones of all topics in turn: so a topic with many cannot make the others
 * wait. Those of held keys are left out before they are counted. A message larger than the size comes alone.
 */
export function rowsOfLane(
  { outbox, hold }: OutboxTables,
  words: Words,
  lane: number,
  topics: readonly TopicPart[],
  size: BatchSize,
): Statement {
  const limit = text(String(size.messages));
  const parts = topics.map(
    ({
      topic,
      floor,
    }) => sql`SELECT o.seq, o.topic, o.message_id, o.ordering_key, o.body, o.attributes, o.attempts, o.publish_time
      FROM ${outbox} o ${words.byPrimaryKey} WHERE o.lane = ${lane} AND o.topic = ${topic} AND o.seq >= ${floor}
        AND NOT EXISTS (SELECT 1 FROM ${hold} h WHERE h.topic = o.topic
          AND h.ordering_key IN ('', COALESCE(o.ordering_key, o.message_id)) AND h.until > ${words.now})
      ORDER BY o.seq LIMIT ${limit}`,
  );
  // Without other topics the order of the index is the order of the turns, and nothing is sorted.
  const [onlyOne] = parts;
  const isOne = parts.length === 1 && onlyOne !== undefined;
  const every = isOne ? onlyOne : joined(parts.map(withPlaces), " UNION ALL ");
  const turns = text(isOne ? "seq" : "place, seq");
  return sql`SELECT seq, topic, message_id, ordering_key, body, attributes, attempts,
    ${words.unixMs(text("publish_time"))} AS publish_time_ms
    FROM (SELECT every.*, ROW_NUMBER() OVER (ORDER BY ${turns}) AS number,
      SUM(${words.bytes(text("body"))}) OVER (ORDER BY ${turns} ROWS UNBOUNDED PRECEDING) AS total FROM (${every}) AS every) AS chosen
    WHERE number = 1 OR (number <= ${limit} AND total <= ${text(String(size.bytes))}) ORDER BY seq`;
}

/** The rows of one topic, each with its place among them. */
function withPlaces(rows: Statement, index: number): Statement {
  const name = text(`t${index}`);
  return sql`SELECT ${name}.*, ROW_NUMBER() OVER (ORDER BY seq) AS place FROM (${rows}) AS ${name}`;
}

/** The first message of each topic in the lane, held or not, and the first that is parked: what floors are made of. */
export function firstOfTopics({ outbox, parked }: OutboxTables, lane: number, topics: readonly TopicPart[]): Statement {
  const probes = topics.map(
    ({ topic, floor }, index) => sql`SELECT ${text(String(index))} AS topic_index,
      (SELECT o.seq FROM ${outbox} o WHERE o.lane = ${lane} AND o.topic = ${topic} AND o.seq >= ${floor} ORDER BY o.seq LIMIT 1) AS seq,
      (SELECT MIN(p.seq) FROM ${parked} p WHERE p.lane = ${lane} AND p.topic = ${topic}) AS parked_seq`,
  );
  return joined(probes, " UNION ALL ");
}

/** The holds of whole topics, also those that are over. */
export function topicHolds({ hold }: OutboxTables, words: Words, topics: readonly string[]): Statement {
  const names = joined(
    topics.map((topic) => sql`${topic}`),
    ", ",
  );
  return sql`SELECT topic, attempts, error, CASE WHEN until > ${words.now} THEN 1 ELSE 0 END AS holds
    FROM ${hold} WHERE ordering_key = '' AND topic IN (${names})`;
}
