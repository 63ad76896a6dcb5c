import { randomUUID } from "node:crypto";
import { type Broker, databaseServerOrSkip, mysqlUrl, postgresUrl, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, MemoryInbox } from "@anytopic/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Library } from "../adaptors/library.ts";
import { mysqlLibraries } from "../adaptors/mysql-libraries.ts";
import { postgresLibraries } from "../adaptors/postgres-libraries.ts";
import { type OwnTables, ownTables } from "../own-tables.ts";
import { type CrashBroker, crashAdapter } from "./crash-brokers.ts";
import { crashDeclarations, type Form, STEPS } from "./crash-declarations.ts";
import { CrashWorkers } from "./crash-workers.ts";

// Workers are killed, and what they held is delivered again when their leases end: several times, on a loaded machine.
const TIME_LIMIT_MS = 240_000;
const MIN_DEADLINE_MS = 3000;
/** For each form: the next one goes on while the leases of a dead one end. */
const FORMS: readonly Form[] = ["transaction", "transaction", "claim", "claim"];

const hasServer = { postgres: await databaseServerOrSkip(postgresUrl), mysql: await databaseServerOrSkip(mysqlUrl) };

function suite(kind: CrashBroker["kind"], dialect: "postgres" | "mysql"): void {
  const state: { broker?: Broker | undefined; library?: Library; tables?: OwnTables } = {};
  beforeAll(async () => {
    state.broker = await startBrokerOrSkip(kind, kind === "redis" ? { config: "appendfsync always" } : {});
    state.library = await (dialect === "postgres" ? postgresLibraries["pg"] : mysqlLibraries["mysql2"])!();
    state.tables = await ownTables(state.library);
    const crash = `CREATE TABLE ${state.tables.table("crash")} (id varchar(128) PRIMARY KEY, step varchar(20))`;
    await state.library.autocommit.query(crash, []);
  });
  afterAll(async () => {
    await state.library?.autocommit.query(`DROP TABLE IF EXISTS ${state.tables!.table("crash")}`, []);
    await state.tables?.drop();
    await state.library?.close();
    await state.broker?.close();
  });

  test(
    "a worker that is killed at any step between claim and ack: each effect happens once",
    { timeout: TIME_LIMIT_MS },
    async (context) => {
      const { broker, library, tables } = state;
      if (broker === undefined || library === undefined || tables === undefined) return context.skip();
      const reached: CrashBroker = { kind, url: broker.url, address: `${broker.host}:${broker.port}` };
      const adapter = await crashAdapter(reached);
      const ackDeadlineMs = Math.max(MIN_DEADLINE_MS, adapter.capabilities.ackDeadline.minMs);
      const name = `crash-${randomUUID().slice(0, 8)}`;
      const declared = crashDeclarations(name, ackDeadlineMs);
      const declarations = [declared.transaction.subscription, declared.claim.subscription];
      await using pubsub = await connect(adapter, { declarations, inbox: new MemoryInbox() });
      const url = dialect === "postgres" ? postgresUrl : mysqlUrl;
      const database = { dialect, url, tablePrefix: tables.tablePrefix };
      const expected = new Map<string, string>();
      for (const form of ["transaction", "claim"] as const) {
        for (const step of STEPS[form]) expected.set(await pubsub.publish(declared[form].topic, { step }), step);
      }
      const read = async (columns: string, from: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
        await library.autocommit.query(`SELECT ${columns} FROM ${tables.table(from)}`, []);

      await using workers = new CrashWorkers(
        FORMS.map((form) => ({ broker: reached, database, name, ackDeadlineMs, form })),
      );
      const wait = { timeout: TIME_LIMIT_MS, interval: 200 };
      await expect.poll(async () => (await read("id", "crash")).length, wait).toBe(expected.size);
      await expect.poll(() => workers.deaths, wait).toBe(expected.size);
      // An acknowledgement that was on its way may have arrived without anybody to tell it.
      const certain = [...expected].filter(([, step]) => !step.startsWith("ack")).map(([id]) => id);
      await expect.poll(() => certain.filter((id) => !workers.acked.has(id)), wait).toEqual([]);
      await expect.poll(async () => (await read("id", "effect")).length, wait).toBeGreaterThanOrEqual(expected.size);
      for (const { subscription } of Object.values(declared)) {
        const left = async (): Promise<number> => {
          const { waiting, inFlight, delayed } = await pubsub.stats(subscription);
          return (waiting ?? 0) + (inFlight ?? 0) + (delayed ?? 0);
        };
        await expect.poll(left, wait).toBe(0);
      }

      const effects = (await read("id", "effect")).map(({ id }) => String(id));
      expect(effects.toSorted()).toEqual([...expected.keys()].toSorted());
      const crashes = new Map((await read("id, step", "crash")).map(({ id, step }) => [String(id), String(step)]));
      expect(crashes).toEqual(expected);
      await pubsub.destroy([...declarations, ...declarations.map(({ topic }) => topic)]);
    },
  );
}

describe.skipIf(!hasServer.postgres)("with PostgreSQL", () => {
  describe.each(["nats", "rabbitmq", "redis", "aws", "gcp"] as const)("on %s", (kind) => {
    suite(kind, "postgres");
  });
});
describe.skipIf(!hasServer.mysql)("with MySQL", () => {
  describe("on redis", () => {
    suite("redis", "mysql");
  });
});
