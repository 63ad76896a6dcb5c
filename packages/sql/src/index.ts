export type { Dialect } from "./dialect.ts";
export type { Adaptor, SqlExecutor, SqlRow, SqlValue, SyncAdaptor, SyncSqlExecutor } from "./executor.ts";
export { applyMigrations, type MigrationOptions, missingMigrations } from "./migrations/apply-migrations.ts";
export { type GrantedTask, type GrantOptions, grants } from "./migrations/grants.ts";
export { type Migration, migrations } from "./migrations/migrations.ts";
export { type ScheduleInsert, scheduleInserts, sqlScheduleStore } from "./schedule/sql-schedule-store.ts";
export { type TableNames, tableNames, type TableOptions } from "./table-names.ts";
export { autocommitPg, fromPg, type PgTransaction } from "./adaptors/pg.ts";
export { autocommitPostgres, fromPostgres, type PostgresTransaction } from "./adaptors/postgres.ts";
export {
  autocommitKysely,
  fromKysely,
  type KyselyDatabase,
  type KyselySql,
  type KyselyTransaction,
} from "./adaptors/kysely.ts";
export {
  autocommitDrizzle,
  fromDrizzle,
  type DrizzleDatabase,
  type DrizzleSql,
  type DrizzleTransaction,
} from "./adaptors/drizzle.ts";
export { autocommitKnex, fromKnex, type KnexDatabase, type KnexTransaction } from "./adaptors/knex.ts";
export { autocommitTypeOrm, fromTypeOrm, type TypeOrmDataSource, type TypeOrmTransaction } from "./adaptors/typeorm.ts";
export { autocommitMikroOrm, fromMikroOrm, type MikroOrmEntityManager } from "./adaptors/mikro-orm.ts";
export { autocommitPrisma, fromPrisma, type PrismaTransaction } from "./adaptors/prisma.ts";
export {
  autocommitSequelize,
  fromSequelize,
  type SequelizeDatabase,
  type SequelizeTransaction,
} from "./adaptors/sequelize.ts";
export { autocommitMysql2, fromMysql2, type Mysql2Transaction } from "./adaptors/mysql2.ts";
export { autocommitNodeSqlite, fromNodeSqlite, type NodeSqliteDatabase } from "./adaptors/node-sqlite.ts";
export { autocommitBetterSqlite3, fromBetterSqlite3, type BetterSqlite3Database } from "./adaptors/better-sqlite3.ts";
export type { Listening, SqlPool, TransactionOptions } from "./pool.ts";
export { type PgPool, pgPool, type PgPoolClient } from "./pools/pg-pool.ts";
export { type PostgresSql, postgresPool } from "./pools/postgres-pool.ts";
export { type Mysql2Connection, type Mysql2Pool, mysql2Pool } from "./pools/mysql2-pool.ts";
export { type NodeSqliteConnection, nodeSqlitePool } from "./pools/node-sqlite-pool.ts";
export { type RunsSyncTransaction, type RunsTransaction, SqlInbox, sqlInbox, type Work } from "./inbox/sql-inbox.ts";
export type { InTransactionOptions, SqlInboxOptions } from "./inbox/sql-inbox-options.ts";
export type { TransactionContext } from "./inbox/transaction-context.ts";
