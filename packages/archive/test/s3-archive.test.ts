import { randomBytes } from "node:crypto";
import { type ArchiveStore, s3Archive, type S3ArchiveClient } from "@anytopic/archive";
import { startBrokerOrSkip } from "@anytopic/brokers";
import type { Logger } from "@anytopic/core";
import { S3 } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { all, idsOf, message, START_MS } from "./messages.ts";
import { testsStore } from "./store-contract.ts";

const server = await startBrokerOrSkip("aws", { provider: "native", implementation: "moto" });
const HOUR_MS = 3_600_000;
const BUCKET = "archived";

describe.skipIf(server === undefined)("s3Archive", () => {
  const client = new S3({
    endpoint: server?.url ?? "",
    region: "eu-west-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  beforeAll(
    async () =>
      void (await client.createBucket({
        Bucket: BUCKET,
        CreateBucketConfiguration: { LocationConstraint: "eu-west-1" },
      })),
  );
  afterAll(async () => {
    client.destroy();
    await server?.close();
  });
  const ownPrefix = (): string => `${randomBytes(6).toString("hex")}/`;
  const keysOf = async (prefix: string): Promise<readonly string[]> =>
    ((await client.listObjectsV2({ Bucket: BUCKET, Prefix: prefix })).Contents ?? []).map(({ Key = "" }) => Key);

  testsStore(async () => {
    const prefix = ownPrefix();
    const open = async (): Promise<ArchiveStore> =>
      await Promise.resolve(s3Archive(client, { bucket: BUCKET, prefix }));
    return await Promise.resolve({ open });
  });

  test("an append is one object for each hour, named by its times", async () => {
    const prefix = ownPrefix();
    const store = s3Archive(client, { bucket: BUCKET, prefix });
    const strangers = message(0, { id: "old", publishTimeMs: 0 });
    const last = message(0, { id: "last", publishTimeMs: Date.UTC(9999, 11, 31, 23, 59) });
    await store.append([message(2), message(1), message(HOUR_MS), strangers, last]);
    const keys = await keysOf(prefix);
    expect(keys.map((key) => key.slice(prefix.length).replace(/_[^_]*$/, ""))).toEqual([
      "orders/1970/01/01/00/19700101T000000000Z_19700101T000000000Z",
      "orders/2026/11/26/12/20261126T120000001Z_20261126T120000002Z",
      "orders/2026/11/26/13/20261126T130000000Z_20261126T130000000Z",
      "orders/9999/12/31/23/99991231T235900000Z_99991231T235900000Z",
    ]);
    expect(await idsOf(store)).toEqual(["old", "m1", "m2", `m${HOUR_MS}`, "last"]);
    expect(await idsOf(store, { from: new Date(START_MS + 2), to: new Date(START_MS + HOUR_MS) })).toEqual(["m2"]);
    await store.prune("orders", new Date(START_MS + 2));
    expect(await idsOf(store)).toEqual(["m1", "m2", `m${HOUR_MS}`, "last"]);
    await store.prune("orders", new Date(START_MS + 3));
    expect(await idsOf(store)).toEqual([`m${HOUR_MS}`, "last"]);
  });

  test("objects of several pages of a list are read and pruned", async () => {
    const prefix = ownPrefix();
    const listObjectsV2: S3ArchiveClient["listObjectsV2"] = async (input) =>
      await client.listObjectsV2({ ...input, MaxKeys: 4 });
    const store = s3Archive(
      {
        listObjectsV2,
        putObject: async (input) => await client.putObject(input),
        getObject: async (input) => await client.getObject(input),
        deleteObjects: async (input) => await client.deleteObjects(input),
      },
      { bucket: BUCKET, prefix },
    );
    const numbers = Array.from({ length: 21 }, (_, n) => n);
    await Promise.all(numbers.map(async (n) => await store.append([message(n)])));
    expect(await idsOf(store)).toEqual(numbers.map((n) => `m${n}`));
    await store.prune("orders", new Date(START_MS + 20));
    expect(await idsOf(store)).toEqual(["m20"]);
  });

  test("foreign objects are left alone, and damaged lines reported", async () => {
    const prefix = ownPrefix();
    const said: string[] = [];
    const note = (_fields: object, text: string): unknown => said.push(text);
    const logger: Logger = { debug: note, info: note, warn: note, error: note };
    const store = s3Archive(client, { bucket: BUCKET, prefix, logger });
    await store.append([message(1)]);
    await client.putObject({ Bucket: BUCKET, Key: `${prefix}orders/2026/11/26/12/notes.txt`, Body: "mine" });
    const [key = ""] = await keysOf(prefix);
    const other = key.replace(/[0-9a-f]{8}\.ndjson$/, "00000000.ndjson");
    await client.putObject({ Bucket: BUCKET, Key: other, Body: "no json\n{}\n" });
    expect(await all(store)).toHaveLength(1);
    expect(said).toEqual(["2 lines of an archived object are no messages, and are left out"]);
  });

  test.for<readonly [options: object, says: string]>([
    [{ bucket: "" }, "bucket"],
    [{ bucket: "b", prefix: 1 }, "prefix"],
    [{ bucket: "b", folder: "x" }, "no option folder"],
  ])("%o is a mistake of the caller", ([options, says]) => {
    expect(() => s3Archive(client, options as never)).toThrow(says);
    expect(() => s3Archive({ send: () => {} } as never, { bucket: "b" })).toThrow("not S3Client");
  });
});
