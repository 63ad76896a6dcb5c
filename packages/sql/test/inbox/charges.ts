import { defineSubscription, defineTopic, type DeliveryGuarantee, type Subscription, type Topic } from "@anytopic/core";
import { type SqlExecutor, type SqlInbox, sqlInbox, type SyncSqlExecutor } from "@anytopic/sql";
import type { Library } from "../adaptors/library.ts";
import type { OwnTables } from "../own-tables.ts";

export interface Charge {
  readonly amount: number;
}

/** The transaction of any library, as its adaptor has made it. */
export type Executor = SqlExecutor | SyncSqlExecutor;

const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, jitter: 0, maxRetries: 5 };
let number = 0;

/** A topic that no other test of this file has, with one subscription. */
export function declared(deliveryGuarantee: DeliveryGuarantee = "at-least-once"): {
  readonly topic: Topic<Charge>;
  readonly bill: Subscription<Charge>;
} {
  number += 1;
  const topic = defineTopic<Charge>(`charges-${number}`, { deliveryGuarantee });
  return { topic, bill: defineSubscription(topic, "bill", { retryPolicy }) };
}

export function inboxOf({ dialect, autocommit }: Library, { tablePrefix }: OwnTables): SqlInbox<Executor> {
  return sqlInbox(autocommit, { dialect, tablePrefix, executor: (tx: Executor) => tx as SqlExecutor });
}
