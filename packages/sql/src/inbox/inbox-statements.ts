import type { SqlExecutor, SyncSqlExecutor } from "../executor.ts";

/** Of a library that answers later, or at once. */
export type AnyExecutor = SqlExecutor | SyncSqlExecutor;

/** At once with a `SyncSqlExecutor`, else later. */
export type Answer = boolean | Promise<boolean>;

/** Which message of which subscription, and under which token. */
export interface InboxRow {
  /** `topic/subscription`. */
  readonly subscription: string;
  readonly id: string;
  readonly token: string;
}

/** What the inbox does, in the SQL of one dialect. Every time is the database's. */
export interface InboxStatements {
  claim(executor: AnyExecutor, row: InboxRow, leaseMs: number): Promise<"claimed" | "completed" | "busy">;
  extend(executor: AnyExecutor, row: InboxRow, leaseMs: number): Answer;
  complete(executor: AnyExecutor, row: InboxRow, retainMs: number): Answer;
  abandon(executor: AnyExecutor, row: InboxRow): Answer;
  /**
   * Marks the message in the transaction of `executor`. False when it was marked before. When another transaction has marked it, waits
   * until that one has ended. A claim becomes a mark, and keeps its token: its holder may complete it once more.
   */
  mark(executor: AnyExecutor, row: InboxRow, options: MarkOptions): Answer;
  /** Deletes rows that nobody needs, at most `limit`, and skips those that another deletes now. Returns how many. */
  removeExpired(executor: AnyExecutor, limit: number): Promise<number>;
}

export interface MarkOptions {
  readonly retainMs: number;
  /** PostgreSQL only; the other databases have a setting of the connection. */
  readonly lockTimeoutMs: number;
}

/**
 * How long the row of a claim stays after its lease has ended, in ms. Until somebody else claims the message, the claim still belongs to
 * its token.
 */
export const CLAIM_KEPT_MS: number = 24 * 60 * 60 * 1000;
