import { inspect } from "node:util";

import type { Dialect } from "../dialect.ts";
import { checkedTableOptions, tableNames, type TableOptions } from "../table-names.ts";

/**
 * What a role of the database may do: `"writer"`: publish to the outbox. `"relay"`: publish from it, and retry or discard what is parked.
 * `"inbox"`: handle messages with an inbox. `"schedule"`: keep and publish delayed messages, see `sqlScheduleStore`.
 * `"archive"`: archive, replay and prune, see `sqlArchive` of `@anytopic/archive`.
 */
export type GrantedTask = "writer" | "relay" | "inbox" | "schedule" | "archive";

export interface GrantOptions extends TableOptions {
  /** What the user shall be able to do. */
  readonly task: GrantedTask;
  /** The role of PostgreSQL, as `app`, or the account of MySQL and MariaDB, as `app@%`. */
  readonly role: string;
}

/** By task: the tables, and what may be done with each. Nothing on a table that is not named. */
const PRIVILEGES: Readonly<
  Record<"postgres" | "mysql", Readonly<Record<GrantedTask, Readonly<Record<string, string>>>>>
> = {
  postgres: {
    writer: { outbox: "INSERT" },
    relay: {
      migration: "SELECT",
      outbox: "SELECT, INSERT, UPDATE, DELETE",
      outbox_lane: "SELECT, UPDATE",
      outbox_hold: "SELECT, INSERT, UPDATE, DELETE",
      outbox_parked: "SELECT, INSERT, DELETE",
    },
    inbox: { inbox: "SELECT, INSERT, UPDATE, DELETE" },
    schedule: { scheduled: "SELECT, INSERT, UPDATE, DELETE" },
    archive: { archive: "SELECT, INSERT, DELETE" },
  },
  mysql: {
    // MySQL needs one of UPDATE and DELETE for a lock. https://dev.mysql.com/doc/refman/8.4/en/innodb-locking-reads.html (read 2026-11-26)
    writer: { outbox: "INSERT", outbox_key: "SELECT, UPDATE" },
    relay: {
      migration: "SELECT",
      outbox: "SELECT, INSERT, UPDATE, DELETE",
      outbox_lane: "SELECT, UPDATE",
      outbox_hold: "SELECT, INSERT, UPDATE, DELETE",
      outbox_parked: "SELECT, INSERT, DELETE",
    },
    inbox: { inbox: "SELECT, INSERT, UPDATE, DELETE" },
    schedule: { scheduled: "SELECT, INSERT, UPDATE, DELETE" },
    // To leave a row as it is when it is there already needs UPDATE.
    archive: { archive: "SELECT, INSERT, UPDATE, DELETE" },
  },
};

const ROLE = /^[A-Za-z_][\w$-]{0,62}$/;
const ACCOUNT = /^([A-Za-z_][\w$-]{0,31})@([\w.%:-]{1,255})$/;

/**
 * The statements that give a role exactly what its task needs, for an owner of the tables to run. Who may write to the outbox decides what
 * is published, and as which publisher: give it to no one else.
 *
 * @throws TypeError when an option is not allowed, and for SQLite, which has no roles
 */
export function grants(dialect: Dialect, options: GrantOptions): readonly string[] {
  const { schema } = checkedTableOptions(dialect, options);
  if (dialect === "sqlite") throw new TypeError("SQLite has no roles: who may write to the file may do all");
  const tables = PRIVILEGES[dialect][options.task];
  if (tables === undefined) {
    const tasks = Object.keys(PRIVILEGES[dialect]).map((task) => `"${task}"`);
    throw new TypeError(`task is ${inspect(options.task)}: must be one of ${tasks.join(", ")}`);
  }
  const name = tableNames(dialect, options);
  const role = quotedRole(dialect, options.role);
  const usage = dialect === "postgres" && schema !== undefined ? [`GRANT USAGE ON SCHEMA "${schema}" TO ${role}`] : [];
  return [
    ...usage,
    ...Object.entries(tables).map(([table, privileges]) => `GRANT ${privileges} ON ${name(table)} TO ${role}`),
  ];
}

function quotedRole(dialect: "postgres" | "mysql", role: string): string {
  if (dialect === "postgres" && ROLE.test(role)) return `"${role}"`;
  const [, user, host] = (dialect === "mysql" && ACCOUNT.exec(role)) || [];
  if (user !== undefined && host !== undefined) return `'${user}'@'${host}'`;
  const must = dialect === "postgres" ? "letters, digits, _, $ and -" : "user@host";
  throw new TypeError(`role is ${inspect(role, { maxStringLength: 80, depth: 0 })}: must be ${must}`);
}
