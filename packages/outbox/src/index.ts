export type { SqlExecutor } from "@anytopic/sql";
