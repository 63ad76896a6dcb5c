export type { Dialect } from "./dialect.ts";
export type { SqlExecutor, SqlRow, SqlValue } from "./executor.ts";
