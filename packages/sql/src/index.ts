export type { Dialect } from "./dialect.ts";
export type { Adaptor, SqlExecutor, SqlRow, SqlValue, SyncAdaptor, SyncSqlExecutor } from "./executor.ts";
export { lockNumber } from "./lock-number.ts";
export { applyMigrations, type MigrationOptions, missingMigrations } from "./migrations/apply-migrations.ts";
export { type GrantedTask, type GrantOptions, grants } from "./migrations/grants.ts";
export { type Migration, migrations } from "./migrations/migrations.ts";
export { type TableNames, tableNames, type TableOptions } from "./table-names.ts";
