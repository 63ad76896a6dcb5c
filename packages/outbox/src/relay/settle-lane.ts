import type { SqlExecutor } from "@anytopic/sql";
import type { OutboxRow } from "./outbox-row.ts";
import type { RowResult } from "./publish-rows.ts";
import type { OutboxTables } from "./sql/outbox-tables.ts";
import { countAttempt, deleteRows, endHold, type Hold, park, type RowPlace, setHold } from "./sql/settle-statements.ts";
import { run } from "./sql/statement.ts";
import type { Words } from "./sql/words.ts";
import { reasonOf } from "./verdict.ts";

/** What `settleLane` needs to know. */
export interface SettleRules {
  readonly tables: OutboxTables;
  readonly words: Words;
  readonly maxAttempts: number;
  readonly onParked: "block" | "skip";
  /** How often each topic was held in a row. Absent: not held. */
  readonly topicAttempts: ReadonlyMap<string, number>;
  readonly random: () => number;
}

/** What became of the messages of one lane, in numbers and by topic. */
export interface LaneReport {
  readonly published: number;
  readonly parked: readonly { readonly row: OutboxRow; readonly reason: string }[];
  /** The topics whose connection is the trouble. */
  readonly waiting: ReadonlyMap<string, unknown>;
  /** The topics that are held now. */
  readonly held: ReadonlyMap<string, Hold>;
  /** The topics of which something was published. */
  readonly flowing: ReadonlySet<string>;
}

/** The longest pause of a topic or key that is held, in ms. */
const MAX_HOLD_MS = 60_000;

/** Writes down what became of the messages. The caller commits. */
export async function settleLane(
  tx: SqlExecutor,
  lane: number,
  results: readonly RowResult[],
  rules: SettleRules,
): Promise<LaneReport> {
  const { tables, words } = rules;
  const gone = new Map<string, number[]>();
  const goes = ({ topic, seq }: OutboxRow): void => {
    const ofTopic = gone.get(topic);
    if (ofTopic === undefined) gone.set(topic, [seq]);
    else ofTopic.push(seq);
  };
  let published = 0;
  const placeOf = ({ topic, seq }: OutboxRow): RowPlace => ({ lane, topic, seq });
  const parked: { row: OutboxRow; reason: string }[] = [];
  const waiting = new Map<string, unknown>();
  const held = new Map<string, Hold>();
  const flowing = new Set<string>();
  const statements = [];
  for (const { row, error, verdict } of results) {
    if (verdict === undefined) {
      goes(row);
      published += 1;
      flowing.add(row.topic);
      if (row.attempts > 0) statements.push(endHold(tables, row.topic, row.holdKey));
    } else if (verdict === "waits") {
      if (!waiting.has(row.topic)) waiting.set(row.topic, error);
    } else if (verdict === "holds-topic") {
      if (!held.has(row.topic)) held.set(row.topic, holdOfTopic(row.topic, error, rules));
    } else if (verdict === "parks" || (verdict === "holds-key" && row.attempts + 1 >= rules.maxAttempts)) {
      const reason = reasonOf(error);
      parked.push({ row, reason });
      goes(row);
      statements.push(park(tables, words, placeOf(row), reason));
      if (row.message.orderingKey !== undefined && rules.onParked === "block")
        statements.push(setHold(tables, words, holdOfKey(row, Number.POSITIVE_INFINITY, reason)));
      else if (row.attempts > 0) statements.push(endHold(tables, row.topic, row.holdKey));
    } else if (verdict === "holds-key") {
      const forMs = pauseMs(row.attempts + 1, rules.random);
      statements.push(
        countAttempt(tables, placeOf(row)),
        setHold(tables, words, holdOfKey(row, forMs, reasonOf(error))),
      );
    }
  }
  // Something of a topic that was held was published: it is not held any more.
  for (const topic of flowing)
    if (!held.has(topic) && rules.topicAttempts.has(topic)) statements.push(endHold(tables, topic, ""));
  // In one order everywhere: other relays may hold the same topics at the same time.
  const sorted = [...held.values()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  statements.push(...sorted.map((hold) => setHold(tables, words, hold)));
  for (const statement of statements) await run(tx, statement);
  for (const [topic, seqs] of gone) await run(tx, deleteRows(tables, words, { lane, topic }, seqs));
  return { published, parked, waiting, held, flowing };
}

function holdOfTopic(topic: string, error: unknown, { topicAttempts, random }: SettleRules): Hold {
  const attempts = (topicAttempts.get(topic) ?? 0) + 1;
  return { topic, key: "", attempts, forMs: pauseMs(attempts, random), reason: reasonOf(error) };
}

function holdOfKey({ topic, holdKey, attempts }: OutboxRow, forMs: number, reason: string): Hold {
  return { topic, key: holdKey, forMs, attempts: attempts + 1, reason };
}

/** Doubles from about 1 s to `MAX_HOLD_MS`. */
function pauseMs(attempts: number, random: () => number): number {
  const ceiling = Math.min(MAX_HOLD_MS, 1000 * 2 ** Math.min(attempts - 1, 20));
  return ceiling / 2 + (ceiling / 2) * random();
}
