import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqlArchive } from "@anytopic/archive";
import { applyMigrations, nodeSqlitePool } from "@anytopic/sql";
import { expect, onTestFinished, test, vi } from "vitest";
import { Prices, ShowPrices } from "./fixtures/archived.ts";
import { onNats } from "./on-nats.ts";
import { type Finished, runHere, said, start, temporaryFolder } from "./program.ts";

const nats = onNats();
const ARCHIVED = join(import.meta.dirname, "fixtures/archived.ts");
const WAIT = { timeout: 20_000, interval: 50 };

const flags = (): readonly string[] => ["--url", nats.broker.url, "--declarations", ARCHIVED];
const cli = (...args: readonly string[]): Promise<Finished> => runHere([...args, ...flags()]);

test("archive keeps messages until Ctrl-C, and replay sends those of a time to one subscription", async () => {
  const folder = await temporaryFolder();
  expect(await cli("apply")).toMatchObject({ code: 0 });
  const seen: string[] = [];
  await nats.pubsub.subscribe(ShowPrices, (event) => void seen.push(event));
  const archiving = start(["archive", "quotes/archive", "--to", folder, ...flags()]);
  await said(archiving, "archiving quotes/archive from nats-server");
  const ids: string[] = [];
  for (const price of ["1", "2", "3"]) ids.push(await nats.pubsub.publish(Prices, price));
  const count = async (...more: readonly string[]): Promise<unknown> => {
    const { stdout } = await cli("replay", "quotes/show", "--store", folder, "--dry-run", "--json", ...more);
    return (JSON.parse(stdout) as { readonly wouldSend: unknown }).wouldSend;
  };
  await vi.waitUntil(async () => (await count()) === 3, WAIT);
  archiving.child.kill("SIGINT");
  expect(await archiving.finished).toMatchObject({ code: 0, stdout: "3 messages archived.\n" });

  await vi.waitUntil(() => seen.length === 3, WAIT);
  expect(await count("--from", "1h", "--limit", "2")).toBe(2);
  expect(await count("--from", "2199-01-01T00:00:00Z")).toBe(0);
  expect(seen).toHaveLength(3);
  expect(
    await cli("replay", "quotes/show", "--store", folder, "--id", ids[1] as string, "--rate", "100", "--yes"),
  ).toMatchObject({ code: 0, stdout: "1 message sent to quotes/show.\n" });
  await vi.waitUntil(() => seen.length === 4, WAIT);
  expect(seen[3]).toBe("2");
});

test("an archive in a database is named by its URL, which may be in the environment", async () => {
  const url = `sqlite:${join(await temporaryFolder(), "archive.db")}`;
  const database = new DatabaseSync(url.slice("sqlite:".length));
  onTestFinished(() => database.close());
  const pool = nodeSqlitePool(database);
  await pool.transaction(async (tx) => await applyMigrations(tx, { dialect: "sqlite" }));
  const store = sqlArchive(pool);
  await store.append([
    { topic: "quotes", id: "q1", body: Buffer.from("9"), attributes: {}, orderingKey: undefined, publishTimeMs: 5 },
  ]);
  const said = { code: 0, stdout: "1 message would be sent to quotes/show.\n" };
  expect(await cli("replay", "quotes/show", "--store", url, "--dry-run")).toMatchObject(said);
  vi.stubEnv("ANYTOPIC_DATABASE_URL", url);
  expect(await cli("replay", "quotes/show", "--store", "database:", "--dry-run")).toMatchObject(said);
});

test("without a terminal replay asks for --yes", async () => {
  const folder = await temporaryFolder();
  expect(await cli("replay", "quotes/show", "--store", folder)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("this makes a subscription repeat messages and there is no terminal") as string,
  });
});

test.for<readonly [args: readonly string[], says: string]>([
  [["archive", "quotes/archive"], "nothing says where the archive is"],
  [["archive", "quotes/archive", "--to", "ftp://user:secret@host"], "--to is a URL that is not known here"],
  [["archive", "quotes/archive", "--to", "s3://Bad_Bucket"], "--to is a URL that is not known here"],
  [["archive", "quotes/archive", "--to", "database:"], "--to is a URL that is not known here"],
  [["archive", "quotes/other", "--to", "x"], 'no subscription "quotes/other" is declared'],
  [["replay", "quotes/show"], "nothing says where the archive is"],
  [["replay", "quotes/show", "--store", "x", "--from", "yesterday"], '--from is "yesterday"'],
  [["replay", "quotes/show", "--store", "x", "--limit", "0"], '--limit is "0"'],
  [["replay", "quotes/show", "--store", "x", "--rate", "fast"], '--rate is "fast"'],
])("%j is wrong usage", async ([args, says]) => {
  const { code, stderr } = await cli(...args);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(says) as string });
  expect(stderr).not.toContain("secret");
});
