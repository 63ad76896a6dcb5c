import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  autocommitBetterSqlite3,
  autocommitNodeSqlite,
  type BetterSqlite3Database,
  fromBetterSqlite3,
  fromNodeSqlite,
} from "@anytopic/sql";
import type { OpenLibrary } from "./library.ts";

type Constructor = new (file: string) => BetterSqlite3Database & { exec(sql: string): unknown; close(): unknown };

/** Two connections to one file, as an application has them: one for its transactions, one for everything else. */
function sameInterface(name: string, Database: Constructor): OpenLibrary {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), "anytopic-sql-"));
    const file = join(folder, "test.db");
    const [one, other] = [new Database(file), new Database(file)];
    one.exec("PRAGMA journal_mode = WAL");
    for (const database of [one, other]) database.exec("PRAGMA busy_timeout = 5000");
    return {
      name,
      dialect: "sqlite",
      autocommit: autocommitBetterSqlite3(other),
      async transaction(work) {
        one.exec("BEGIN IMMEDIATE");
        try {
          await work(fromBetterSqlite3(one));
          one.exec("COMMIT");
        } catch (error) {
          one.exec("ROLLBACK");
          throw error;
        }
      },
      refused: {
        "a database without a transaction": () => fromBetterSqlite3(one),
        "a database with one, for autocommit"() {
          one.exec("BEGIN");
          try {
            autocommitBetterSqlite3(one).query("SELECT 1", []);
          } finally {
            one.exec("ROLLBACK");
          }
        },
      },
      close() {
        for (const database of [one, other]) database.close();
        rmSync(folder, { recursive: true });
      },
    };
  };
}

const nodeSqlite: OpenLibrary = async () => {
  const folder = mkdtempSync(join(tmpdir(), "anytopic-sql-"));
  const file = join(folder, "test.db");
  const [one, other] = [new DatabaseSync(file), new DatabaseSync(file)];
  one.exec("PRAGMA journal_mode = WAL");
  for (const database of [one, other]) database.exec("PRAGMA busy_timeout = 5000");
  return {
    name: "node:sqlite",
    dialect: "sqlite",
    autocommit: autocommitNodeSqlite(other),
    async transaction(work) {
      one.exec("BEGIN IMMEDIATE");
      try {
        await work(fromNodeSqlite(one));
        one.exec("COMMIT");
      } catch (error) {
        one.exec("ROLLBACK");
        throw error;
      }
    },
    refused: {
      "a database without a transaction": () => fromNodeSqlite(one),
      "a database with one, for autocommit"() {
        one.exec("BEGIN");
        try {
          autocommitNodeSqlite(one).query("SELECT 1", []);
        } finally {
          one.exec("ROLLBACK");
        }
      },
    },
    close() {
      for (const database of [one, other]) database.close();
      rmSync(folder, { recursive: true });
    },
  };
};

/** It is compiled when it is installed, so it may be missing. */
function betterSqlite3(): Constructor | undefined {
  try {
    const Database = createRequire(import.meta.url)("better-sqlite3") as Constructor;
    new Database(":memory:").close();
    return Database;
  } catch {
    return undefined;
  }
}

const found = betterSqlite3();

export const sqliteLibraries: Readonly<Record<string, OpenLibrary>> = {
  "node:sqlite": nodeSqlite,
  libsql: sameInterface("libsql", createRequire(import.meta.url)("libsql") as Constructor),
  ...(found === undefined ? {} : { "better-sqlite3": sameInterface("better-sqlite3", found) }),
};
