import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createOutbox } from "@anytopic/outbox";
import { applyMigrations, nodeSqlitePool, type SqlExecutor } from "@anytopic/sql";
import { expect, onTestFinished, test, vi } from "vitest";
import { Signups } from "./fixtures/topics.ts";
import { onNats } from "./on-nats.ts";
import { runHere, said, start, temporaryFolder, TOPICS } from "./program.ts";

const nats = onNats();

interface Shop {
  readonly flags: readonly string[];
  publish(accountId: string): Promise<string>;
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** An outbox in a file. */
async function openShop(): Promise<Shop> {
  const path = join(await temporaryFolder(), "shop.db");
  const database = new DatabaseSync(path, { timeout: 10_000 });
  database.exec("PRAGMA journal_mode = WAL");
  onTestFinished(() => database.close());
  const pool = nodeSqlitePool(database);
  await pool.transaction(async (tx) => await applyMigrations(tx, { dialect: "sqlite" }));
  const outbox = createOutbox({ dialect: "sqlite", executor: (tx: SqlExecutor) => tx });
  return {
    flags: ["--database", `sqlite:${path}`],
    publish: async (accountId) =>
      await pool.transaction(async (tx) => await outbox.publish(tx, Signups, { accountId })),
    query: async (sql) => await pool.query(sql, []),
  };
}

test("relay publishes until Ctrl-C; parked messages are listed, given back and deleted", async () => {
  await nats.cli(["apply"]);
  const shop = await openShop();
  const ids = [await shop.publish("a1"), await shop.publish("a2"), await shop.publish("a3")];
  // Nobody can publish these.
  await shop.query(`UPDATE anytopic_outbox SET attributes = '{' WHERE message_id IN ('${ids[0]}', '${ids[1]}')`);
  const running = start([
    "relay",
    "signups",
    ...shop.flags,
    "--url",
    nats.broker.url,
    "--declarations",
    TOPICS,
    "--json",
  ]);
  await said(running, "publishing 1 topic to nats-server");
  await said(running, "a message was parked: INVALID_MESSAGE");
  await vi.waitUntil(async () => (await shop.query("SELECT seq FROM anytopic_outbox")).length === 0, {
    timeout: 20_000,
  });

  const { count, messages } = (await json(["outbox", "list", ...shop.flags, "--topic", "signups"])) as {
    readonly count: number;
    readonly messages: readonly object[];
  };
  expect(count).toBe(2);
  const reason = expect.stringMatching(
    /^INVALID_MESSAGE: topic "signups": the stored message cannot be published/,
  ) as string;
  expect(messages[0]).toMatchObject({
    id: ids[0],
    topic: "signups",
    orderingKey: "a1",
    attempts: 0,
    reason,
    bodyBytes: 18,
  });
  const listed = await runHere(["outbox", "list", ...shop.flags]);
  expect(listed.stdout).toMatch(/^ID +TOPIC +KEY +PARKED +REASON\n.*signups +a1 +\d.* ago +INVALID_MESSAGE: /);

  await shop.query(`UPDATE anytopic_outbox_parked SET attributes = '{}' WHERE message_id = '${ids[0]}'`);
  expect(await json(["outbox", "retry", ...shop.flags, "--id", String(ids[0])])).toEqual({ retried: 1 });
  const refused = await runHere(["outbox", "drop", ...shop.flags]);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("give --yes") as string });
  expect(await json(["outbox", "drop", ...shop.flags, "--yes"])).toEqual({ dropped: 1 });

  await vi.waitUntil(async () => (await shop.query("SELECT seq FROM anytopic_outbox")).length === 0, {
    timeout: 20_000,
  });
  running.child.kill("SIGINT");
  const { code, stdout } = await running.finished;
  expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({ code: 0, document: { published: 2, parked: 2 } });
  const { subscriptions } = (await nats.json(["stats", "signups/send-mail"])) as {
    readonly subscriptions: readonly { readonly waiting: number }[];
  };
  expect(subscriptions[0]?.waiting).toBe(2);
});

test("a database that is missing or not known is said, without its password", async () => {
  expect(await runHere(["outbox", "list"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("nothing says where the database is") as string,
  });
  const { code, stderr } = await runHere(["outbox", "list", "--database", "oracle://app:secret@host/db"]);
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("postgres://user@host/database") as string,
  });
  expect(stderr).not.toContain("secret");
});

async function json(args: readonly string[]): Promise<unknown> {
  const finished = await runHere([...args, "--json"]);
  expect(finished).toMatchObject({ code: 0 });
  return JSON.parse(finished.stdout);
}
