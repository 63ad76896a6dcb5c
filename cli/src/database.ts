import type { OptionSpecs } from "./command.ts";
import type { Given } from "./given.ts";
import { importPackage, resolvedPackage } from "./import-package.ts";
import {
  type DatabasePool,
  importOutboxPackage,
  importSqlPackage,
  type OutboxTables,
  type SqlPackage,
  type TablesOptions,
} from "./outbox-packages.ts";
import { UsageError } from "./usage-error.ts";

/** Flags that say where the tables of `@anytopic/sql` are. */
export const DATABASE_OPTIONS: OptionSpecs = Object.freeze({
  database: {
    type: "string",
    value: "URL",
    description: "the database; else ANYTOPIC_DATABASE_URL, where other users of the machine do not see its password",
  },
  schema: { type: "string", value: "NAME", description: "the schema of PostgreSQL, or the database of MySQL" },
  "table-prefix": { type: "string", value: "TEXT", description: "what the tables begin with (default: anytopic_)" },
});

/** An open database. */
export interface OpenDatabase {
  readonly pool: DatabasePool;
  readonly sql: SqlPackage;
  readonly tables: TablesOptions;
}

/** An outbox in an open database. */
export interface OpenOutbox {
  readonly outbox: OutboxTables;
  readonly pool: DatabasePool;
}

/** An open database. */
export interface OpenPool {
  readonly pool: DatabasePool;
  close(): unknown;
}

const FORMS = "postgres://user@host/database, mysql://user@host/database or sqlite:./file.db";

/** Opens the database, and closes it when `use` is done. @throws UsageError */
export async function withDatabase<Result>(
  given: Given,
  use: (open: OpenDatabase) => Promise<Result>,
): Promise<Result> {
  const url = given.text("database") ?? process.env["ANYTOPIC_DATABASE_URL"] ?? "";
  if (url === "") throw new UsageError("nothing says where the database is", `--database ${FORMS}`);
  if (!isDatabaseUrl(url)) {
    // A URL may have a password, so it is not shown.
    throw new UsageError("--database is not the URL of a database that is known here", FORMS);
  }
  const sql = await importSqlPackage();
  const opened = await openDatabase(url, sql);
  try {
    const { pool } = opened;
    const tables = { dialect: pool.dialect, schema: given.text("schema"), tablePrefix: given.text("table-prefix") };
    return await use({ pool, sql, tables });
  } finally {
    await opened.close();
  }
}

/** As `withDatabase`. @throws UsageError */
export async function withOutbox<Result>(given: Given, use: (open: OpenOutbox) => Promise<Result>): Promise<Result> {
  const outboxPackage = await importOutboxPackage();
  return await withDatabase(
    given,
    async ({ pool, tables }) =>
      await use({ outbox: outboxPackage.createOutbox({ ...tables, executor: (tx) => tx }), pool }),
  );
}

/** Whether it begins as the URL of a database that can be opened. */
export function isDatabaseUrl(url: string): boolean {
  return Object.hasOwn(OPENERS, schemeOf(url));
}

/** For a URL that `isDatabaseUrl` knows. */
export async function openDatabase(url: string, sql: SqlPackage): Promise<OpenPool> {
  return await (OPENERS[schemeOf(url)] as Opener)(url, sql);
}

function schemeOf(url: string): string {
  return url.split(":", 1)[0] ?? "";
}

type Opener = (url: string, sql: SqlPackage) => Promise<OpenPool>;

const OPENERS: Readonly<Record<string, Opener>> = {
  postgres: openPostgres,
  postgresql: openPostgres,
  mysql: openMysql,
  mariadb: openMysql,
  sqlite: openSqlite,
};

async function openPostgres(url: string, sql: SqlPackage): Promise<OpenPool> {
  if (resolvedPackage("pg") === undefined && resolvedPackage("postgres") !== undefined) {
    const { default: postgres } = (await importPackage("postgres")) as {
      readonly default: (url: string) => { end(): Promise<void> };
    };
    const opened = postgres(url);
    return { pool: sql.postgresPool(opened), close: async () => await opened.end() };
  }
  const { default: pg } = (await importPackage("pg")) as {
    readonly default: {
      readonly Pool: new (options: object) => {
        on(event: "error", listener: () => void): unknown;
        end(): Promise<void>;
      };
    };
  };
  const opened = new pg.Pool({ connectionString: url, max: 20 });
  // The relay notices by itself.
  opened.on("error", () => {});
  return { pool: sql.pgPool(opened), close: async () => await opened.end() };
}

async function openMysql(url: string, sql: SqlPackage): Promise<OpenPool> {
  const { createPool } = (await importPackage("mysql2/promise")) as {
    readonly createPool: (options: object) => { end(): Promise<void> };
  };
  const opened = createPool({ uri: url.replace(/^mariadb:/, "mysql:"), connectionLimit: 20 });
  return { pool: sql.mysql2Pool(opened), close: async () => await opened.end() };
}

async function openSqlite(url: string, sql: SqlPackage): Promise<OpenPool> {
  const { DatabaseSync } = await import("node:sqlite");
  const opened = new DatabaseSync(url.slice("sqlite:".length), { timeout: 5000 });
  return await Promise.resolve({ pool: sql.nodeSqlitePool(opened), close: () => opened.close() });
}
