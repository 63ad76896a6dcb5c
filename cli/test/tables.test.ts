import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { databaseServerOrSkip, postgresUrl } from "@anytopic/brokers";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { onNats } from "./on-nats.ts";
import { runHere, temporaryFolder } from "./program.ts";

const nats = onNats();
const ALL = ["001-outbox", "002-inbox", "003-scheduled", "004-archive"];

test("plan says which tables are missing, and apply makes them", async () => {
  const path = join(await temporaryFolder(), "shop.db");
  const flags = ["--database", `sqlite:${path}`, "--table-prefix", "shop_"];
  await nats.cli(["apply"]);
  const before = await nats.cli(["plan", ...flags, "--json"]);
  expect(before.code).toBe(1);
  expect(JSON.parse(before.stdout)).toMatchObject({ upToDate: false, changes: [], migrations: ALL });
  const applied = await nats.cli(["apply", ...flags]);
  expect(applied).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("created: tables of 001-outbox") as string,
  });
  const after = await nats.cli(["plan", ...flags]);
  expect(after).toMatchObject({ code: 0, stdout: expect.not.stringContaining("missing") as string });
  expect(after.stdout).toContain("The tables in the database exist.");
  const again = await nats.cli(["apply", ...flags, "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ done: [], left: [], migrations: [] });
  const database = new DatabaseSync(path);
  onTestFinished(() => database.close());
  expect(database.prepare("SELECT name FROM sqlite_master WHERE name = 'shop_outbox'").all()).toHaveLength(1);
});

test("without the flags no database is asked for, and with --tables alone it is named as missing", async () => {
  await nats.cli(["apply"]);
  expect(JSON.parse((await nats.cli(["plan", "--json"])).stdout)).not.toHaveProperty("migrations");
  const refused = await nats.cli(["plan", "--tables"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("nothing says where the database is");
});

test.skipIf(!(await databaseServerOrSkip(postgresUrl)))(
  "export tables writes SQL that PostgreSQL takes, after which nothing is missing",
  async () => {
    const schema = `tables_${randomBytes(6).toString("hex")}`;
    const client = new Client({ connectionString: postgresUrl });
    await client.connect();
    onTestFinished(async () => {
      await client.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      await client.end();
    });
    const { stdout, code } = await runHere(["export", "tables", "--dialect", "postgres", "--schema", schema]);
    expect(code).toBe(0);
    await client.query(`CREATE SCHEMA ${schema}`);
    await client.query(stdout);
    await nats.cli(["apply"]);
    const planned = await nats.cli(["plan", "--database", postgresUrl, "--schema", schema, "--json"]);
    expect(JSON.parse(planned.stdout)).toMatchObject({ upToDate: true, migrations: [] });
  },
);
