export type { Dialect } from "./dialect.ts";
export type { Adaptor, SqlExecutor, SqlRow, SqlValue, SyncAdaptor, SyncSqlExecutor } from "./executor.ts";
