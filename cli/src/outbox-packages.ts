import type { AnyTopic, Logger, PubSub } from "@anytopic/core";
import { importPackage } from "./import-package.ts";

// This program does not depend on these packages: the application installs them. Here is what it uses of them.

/** A pool of `@anytopic/sql`. */
export interface DatabasePool {
  readonly dialect: string;
  transaction<Result>(work: (tx: object) => Promise<Result>): Promise<Result>;
}

/** Where the tables are. */
export interface TablesOptions {
  readonly dialect: string;
  readonly schema: string | undefined;
  readonly tablePrefix: string | undefined;
}

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export interface ParkedMessage {
  readonly id: string;
  readonly topic: string;
  readonly orderingKey: string | undefined;
  readonly body: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
  readonly publishTime: Date;
  readonly attempts: number;
  readonly reason: string;
  readonly parkedTime: Date;
}

export interface ParkedSelection {
  readonly topic?: string | undefined;
  readonly ids?: readonly string[] | undefined;
  readonly limit?: number | undefined;
}

export interface ParkedMessages {
  count(selection?: Pick<ParkedSelection, "topic">): Promise<number>;
  list(selection?: ParkedSelection): Promise<readonly ParkedMessage[]>;
  retry(selection?: ParkedSelection): Promise<number>;
  discard(selection?: ParkedSelection): Promise<number>;
}

export interface OutboxRelay {
  health(): { readonly published: number; readonly parked: number };
  close(): Promise<void>;
}

export interface OutboxRelayOptions {
  readonly pool: DatabasePool;
  readonly topics: readonly AnyTopic[];
  readonly lanes?: number | undefined;
  readonly listen?: boolean | undefined;
  readonly onParked?: "block" | "skip" | undefined;
  readonly logger: Logger;
}

export interface OutboxTables {
  relay(pubsub: PubSub, options: OutboxRelayOptions): Promise<OutboxRelay>;
  parked(pool: DatabasePool): ParkedMessages;
}

export interface OutboxPackage {
  createOutbox(options: TablesOptions & { readonly executor: (tx: never) => never }): OutboxTables;
}

export interface SqlPackage {
  pgPool(pool: unknown): DatabasePool;
  postgresPool(sql: unknown): DatabasePool;
  mysql2Pool(pool: unknown): DatabasePool;
  nodeSqlitePool(database: unknown): DatabasePool;
  applyMigrations(executor: object, options: TablesOptions): Promise<readonly Migration[]>;
  missingMigrations(executor: object, options: TablesOptions): Promise<readonly Migration[]>;
  migrations(dialect: string, options: Omit<TablesOptions, "dialect">): readonly Migration[];
}

/** @throws UsageError when it is not installed */
export async function importOutboxPackage(): Promise<OutboxPackage> {
  return (await importPackage("@anytopic/outbox")) as OutboxPackage;
}

/** @throws UsageError when it is not installed */
export async function importSqlPackage(): Promise<SqlPackage> {
  return (await importPackage("@anytopic/sql")) as SqlPackage;
}
