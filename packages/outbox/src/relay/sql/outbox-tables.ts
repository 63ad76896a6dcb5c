import type { TableNames } from "@anytopic/sql";
import { type Statement, text } from "./statement.ts";

/** The names of the tables, quoted and with their schema. */
export interface OutboxTables {
  readonly outbox: Statement;
  readonly lane: Statement;
  readonly hold: Statement;
  readonly parked: Statement;
}

export function outboxTables(name: TableNames): OutboxTables {
  return {
    outbox: text(name("outbox")),
    lane: text(name("outbox_lane")),
    hold: text(name("outbox_hold")),
    parked: text(name("outbox_parked")),
  };
}
