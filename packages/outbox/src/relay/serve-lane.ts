import { randomUUID } from "node:crypto";
import type { AnyTopic, Clock, PubSub } from "@anytopic/core";
import type { SqlExecutor, SqlPool } from "@anytopic/sql";
import type { Floors } from "./floors.ts";
import { type OutboxRow, outboxRow } from "./outbox-row.ts";
import { type Fence, publishRows, type RowResult } from "./publish-rows.ts";
import { type LaneReport, settleLane, type SettleRules } from "./settle-lane.ts";
import { type BatchSize, lockLane, rowsOfLane } from "./sql/read-statements.ts";
import { endLease, keepsLease, takeLease } from "./sql/lease-statements.ts";
import { run } from "./sql/statement.ts";

/** One lane that has work, and the topics of which it is. */
export interface LaneWork {
  readonly lane: number;
  readonly topics: readonly string[];
}

/** What serving lanes needs. */
export interface LaneServer {
  readonly pool: SqlPool;
  readonly pubsub: PubSub;
  readonly topics: ReadonlyMap<string, AnyTopic>;
  /** Absent where reads do not walk over deleted rows. */
  readonly floors: Floors | undefined;
  readonly size: BatchSize;
  readonly publishTimeoutMs: number;
  readonly clock: Clock;
  /** Aborts when closing no longer waits: nothing more is sent. */
  readonly stopped: AbortSignal;
  /** Aborts when closing gives up: transactions are cut. */
  readonly cut: AbortSignal;
  readonly settleRules: () => SettleRules;
}

/** How long a transaction may take for its own statements, beside publishing, in ms. */
export const STATEMENTS_MS = 15_000;

/** Publishes the next messages of a lane. Resolves with `undefined` when another relay has it. Rejects when the database fails: what was published is then published again, with the same ids. */
export async function serveLane(server: LaneServer, work: LaneWork): Promise<LaneReport | undefined> {
  return server.pool.dialect === "sqlite" ? await underLease(server, work) : await inTransaction(server, work);
}

/** The lock of the lane's row is the fence: it ends with the transaction, and that ends with the connection. */
async function inTransaction(server: LaneServer, work: LaneWork): Promise<LaneReport | undefined> {
  const { pool, publishTimeoutMs, cut } = server;
  const startMs = server.clock.monotonicNow();
  return await pool.transaction(
    async (tx) => {
      const { tables, words } = server.settleRules();
      if ((await run(tx, lockLane(tables, words, work.lane))).length === 0) return undefined;
      const rows = await readRows(server, tx, work);
      const results = await publish(server, rows, startMs);
      return await settleLane(tx, work.lane, results, server.settleRules());
    },
    { signal: cut, idleTimeoutMs: publishTimeoutMs + STATEMENTS_MS },
  );
}

/**
 * Where one transaction keeps all others from writing, none may be open while the broker is asked. The lane is leased in a first
 * transaction, and a second one settles if the lease is still the same.
 */
async function underLease(server: LaneServer, work: LaneWork): Promise<LaneReport | undefined> {
  const { pool, publishTimeoutMs, cut } = server;
  const { tables, words } = server.settleRules();
  const startMs = server.clock.monotonicNow();
  const token = randomUUID();
  const leaseMs = publishTimeoutMs + STATEMENTS_MS;
  const rows = await pool.transaction(
    async (tx) => {
      const taken = await run(tx, takeLease(tables, words, work.lane, token, leaseMs));
      return taken.length === 0 ? undefined : await readRows(server, tx, work);
    },
    { signal: cut },
  );
  if (rows === undefined) return undefined;
  const results = await publish(server, rows, startMs);
  return await pool.transaction(
    async (tx) => {
      if ((await run(tx, keepsLease(tables, work.lane, token))).length === 0) {
        throw new Error(`outbox: the lease of lane ${work.lane} was lost, because this process stood still`);
      }
      const report = await settleLane(tx, work.lane, results, server.settleRules());
      await run(tx, endLease(tables, work.lane));
      return report;
    },
    { signal: cut },
  );
}

async function readRows(
  server: LaneServer,
  tx: SqlExecutor,
  { lane, topics }: LaneWork,
): Promise<readonly OutboxRow[]> {
  const { floors, clock } = server;
  const { tables, words } = server.settleRules();
  const parts = topics.map((topic) => ({ topic, floor: floors?.of(lane, topic) ?? 0 }));
  const rows = (await run(tx, rowsOfLane(tables, words, lane, parts, server.size))).map(outboxRow);
  if (floors !== undefined) {
    const last = rows.at(-1);
    if (last !== undefined) floors.seen(last.seq);
    await floors.raise(tx, lane, topics, clock.monotonicNow());
  }
  return rows;
}

async function publish(server: LaneServer, rows: readonly OutboxRow[], startMs: number): Promise<readonly RowResult[]> {
  const { pubsub, topics, clock, publishTimeoutMs, stopped } = server;
  if (rows.length === 0) return [];
  const ending = new AbortController();
  const end = (): void => ending.abort(new Error("outbox: the relay no longer waits for this publish"));
  const timer = clock.setTimer(end, publishTimeoutMs);
  stopped.addEventListener("abort", end, { once: true });
  if (stopped.aborted) end();
  const fence: Fence = { clock, endMs: startMs + publishTimeoutMs, signal: ending.signal };
  try {
    return await publishRows(pubsub, topics, rows, fence);
  } finally {
    clock.clearTimer(timer);
    stopped.removeEventListener("abort", end);
  }
}
