import type { Statement } from "./statement.ts";

/** The names of the tables, quoted and with their schema. */
export interface OutboxTables {
  readonly outbox: Statement;
  readonly lane: Statement;
  readonly hold: Statement;
  readonly parked: Statement;
}
