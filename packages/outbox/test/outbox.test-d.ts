import type { DatabaseSync } from "node:sqlite";

import { defineTopic, type Publisher } from "@anytopic/core";
import { createOutbox, type Outbox, type SyncOutbox } from "@anytopic/outbox";
import { fromNodeSqlite, fromPg, type PgTransaction } from "@anytopic/sql";
import type { Pool, PoolClient } from "pg";
import { expectTypeOf } from "vitest";

const Signups = defineTopic<{ readonly email: string }>("signups");
declare const client: PoolClient;
declare const pool: Pool;
declare const database: DatabaseSync;

const outbox = createOutbox({ dialect: "postgres", executor: fromPg });
expectTypeOf(outbox).toEqualTypeOf<Outbox<PgTransaction>>();
expectTypeOf(outbox.publish(client, Signups, { email: "" })).toEqualTypeOf<Promise<string>>();
expectTypeOf(outbox.publisher(client, Signups)).toEqualTypeOf<Publisher<{ readonly email: string }>>();
// @ts-expect-error a pool is no transaction
void outbox.publish(pool, Signups, { email: "" });
// @ts-expect-error an event of another topic
void outbox.publish(client, Signups, { name: "" });
// @ts-expect-error a library that answers by promises
outbox.publishSync(client, Signups, { email: "" });

const sync = createOutbox({ dialect: "sqlite", executor: fromNodeSqlite });
expectTypeOf(sync.publishSync(database, Signups, { email: "" })).toEqualTypeOf<string>();
expectTypeOf(sync).toExtend<SyncOutbox<DatabaseSync>>();
