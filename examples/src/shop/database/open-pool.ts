import type { SqlPool } from "@anytopic/sql";

/** A pool, and how to remove everything that was made for it. */
export interface OpenPool {
  readonly pool: SqlPool;
  readonly close: () => Promise<void>;
}
