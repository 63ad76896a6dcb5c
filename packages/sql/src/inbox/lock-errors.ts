/** PostgreSQL: lock timeout, deadlock, serialization failure. https://www.postgresql.org/docs/15/errcodes-appendix.html (read 2026-11-26) */
const STATES: ReadonlySet<unknown> = new Set(["55P03", "40P01", "40001"]);
/** MySQL: lock wait timeout, deadlock. https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html (read 2026-11-26) */
const NUMBERS: ReadonlySet<unknown> = new Set([1205, 1213]);
/** SQLite: busy. https://www.sqlite.org/rescode.html#busy (read 2026-11-26) */
const SQLITE_BUSY = 5;
/** Under which names libraries keep the error of the driver or of the database. */
const WRAPPED = ["cause", "original", "driverError", "meta", "driverAdapterError"] as const;
const DEPTH = 6;

/** Whether the database gave up a wait for somebody else's lock, or ended one of two transactions that could not both commit: to try again helps. */
export function isLockError(thrown: unknown): boolean {
  let layer = [thrown];
  for (let depth = 0; depth < DEPTH; depth += 1) {
    const objects = layer.filter((each) => typeof each === "object" && each !== null) as Record<string, unknown>[];
    if (objects.some(saysLock)) return true;
    layer = objects.flatMap((each) => WRAPPED.map((name) => each[name]));
  }
  return false;
}

function saysLock({ code, originalCode, errno, errcode }: Record<string, unknown>): boolean {
  if (STATES.has(code) || STATES.has(originalCode) || NUMBERS.has(errno)) return true;
  // The lowest byte is the primary code.
  if (typeof errcode === "number" && (errcode & 0xff) === SQLITE_BUSY) return true;
  return typeof code === "string" && code.startsWith("SQLITE_BUSY");
}
