import { type AnyTopic, type Clock, type Logger, silentLogger, systemClock } from "@anytopic/core";
import { checkOptions, option } from "@anytopic/core/driver";
import type { SqlPool } from "@anytopic/sql";
import type { RelayOptions } from "./relay-options.ts";

/** How many lanes an outbox has: the column's range. To change it, all lanes must be empty. */
export const LANES = 16;
/** The most bytes of bodies that one transaction reads, unless one message is larger. */
export const MAX_BATCH_BYTES: number = 4 * 1024 * 1024;

export interface CheckedRelayOptions {
  readonly pool: SqlPool;
  readonly topics: ReadonlyMap<string, AnyTopic>;
  readonly lanes: number;
  readonly batchMessages: number;
  readonly publishTimeoutMs: number;
  readonly maxAttempts: number;
  readonly onParked: "block" | "skip";
  readonly busyPollMs: number;
  readonly idlePollMs: number;
  readonly listen: boolean;
  readonly logger: Logger;
  readonly clock: Clock;
}

const POLL = { min: 10, max: 60_000, unit: "ms" } as const;

const RULES = {
  pool: option.object<SqlPool>({
    matches: ({ transaction, query }) => typeof transaction === "function" && typeof query === "function",
    allowed: "pgPool(…), postgresPool(…), mysql2Pool(…) or nodeSqlitePool(…) of @anytopic/sql",
  }),
  topics: { kind: "list", inUrl: false, default: [], check: requireTopics } as const,
  lanes: option.integer({ min: 1, max: LANES, default: 4 }),
  batchMessages: option.integer({ min: 1, max: 500, unit: "messages", default: 500 }),
  publishTimeoutMs: option.integer({ min: 1000, max: 600_000, unit: "ms", default: 30_000 }),
  maxAttempts: option.integer({ min: 1, max: 1000, default: 10 }),
  onParked: option.choice(["block", "skip"], { default: "block" }),
  pollMs: option.object<NonNullable<RelayOptions["pollMs"]>>(),
  listen: option.boolean({ default: false }),
  logger: option.object<Logger>(),
  clock: option.object<Clock>(),
};

const POLL_RULES = {
  busy: option.integer({ ...POLL, default: 100 }),
  idle: option.integer({ ...POLL, default: 1000 }),
};

/** @throws TypeError that names the option, its value and what is allowed */
export function checkedRelayOptions(options: RelayOptions): CheckedRelayOptions {
  const checked = checkOptions({ adapter: "relay", rules: RULES }, options);
  const { pool, topics, pollMs = {}, logger = silentLogger, clock = systemClock, ...others } = checked;
  if (pool === undefined) throw new TypeError("relay: pool is undefined: give a pool of @anytopic/sql");
  if (topics.length === 0) throw new TypeError("relay: topics is empty: give at least one topic");
  const { busy, idle } = checkOptions({ adapter: "relay: pollMs", rules: POLL_RULES }, pollMs);
  if (others.listen && pool.listen === undefined) {
    throw new TypeError(
      "relay: listen is true, and this database has no LISTEN: leave it out, the relay looks by itself",
    );
  }
  return {
    ...others,
    logger,
    clock,
    pool,
    topics: new Map(topics.map((topic) => [topic.name, topic])),
    busyPollMs: busy,
    idlePollMs: idle,
  };
}

function requireTopics(name: string, value: unknown): readonly AnyTopic[] {
  const isTopic = (one: unknown): one is AnyTopic =>
    typeof one === "object" && one !== null && "kind" in one && one.kind === "topic";
  if (Array.isArray(value) && value.every(isTopic)) return value;
  throw new TypeError(`${name} must be a list of what defineTopic returns`);
}
