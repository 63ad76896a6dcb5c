import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileArchive } from "@anytopic/archive";
import type { Logger } from "@anytopic/core";
import { VirtualClock } from "@anytopic/core";
import { describe, expect, onTestFinished, test } from "vitest";
import { idsOf, message, ownFolder, START_MS } from "./messages.ts";
import { testsStore } from "./store-contract.ts";

const filesOf = async (folder: string): Promise<readonly string[]> =>
  (await readdir(join(folder, "orders"))).toSorted();

describe("the contract of stores", () => {
  testsStore(async () => {
    const folder = await ownFolder();
    return { open: async () => await Promise.resolve(fileArchive(folder)) };
  });
});

test("files end by size and time, and are named by their times", async () => {
  const folder = await ownFolder();
  const clock = new VirtualClock();
  const store = fileArchive(folder, { maxSegmentBytes: 1024, maxSegmentMs: 60_000, clock });
  for (let n = 0; n < 20; n += 1) await store.append([message(n, { body: Buffer.alloc(120) })]);
  const bySize = await filesOf(folder);
  expect(bySize.length).toBeGreaterThan(3);
  expect(bySize.filter((file) => file.startsWith("open_"))).toHaveLength(1);
  expect(bySize[0]).toMatch(/^20261126T120000000Z_20261126T12000000\dZ_\d{8}T\d{9}Z-[0-9a-f]{8}\.ndjson$/);
  await clock.advance(60_000);
  await store.append([message(20)]);
  await store.append([message(21)]);
  expect(await filesOf(folder)).toHaveLength(bySize.length + 1);
  expect(await idsOf(store)).toEqual(Array.from({ length: 22 }, (_, n) => `m${n}`));
  await store.close();
  expect((await filesOf(folder)).filter((file) => file.startsWith("open_"))).toEqual([]);
});

test("a line is JSON that people and jq can read, in files of their owner alone", async () => {
  const folder = await ownFolder();
  const store = fileArchive(folder);
  await store.append([message(1, { orderingKey: "k", attributes: { region: "eu" } })]);
  await store.close();
  const [file = ""] = await filesOf(folder);
  const path = join(folder, "orders", file);
  expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
    publishTime: new Date(START_MS + 1).toISOString(),
    id: "m1",
    key: "k",
    attributes: { region: "eu" },
    body: Buffer.from("body 1").toString("base64"),
  });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "orders"))).mode & 0o777).toBe(0o700);
});

test("a torn last line and damaged lines are left out and reported, foreign files left alone", async () => {
  const folder = await ownFolder();
  const died = fileArchive(folder);
  onTestFinished(async () => await died.close());
  await died.append([message(1), message(2)]);
  const [file = ""] = await filesOf(folder);
  await appendFile(
    join(folder, "orders", file),
    `not json\n{"publishTime":"x","id":"a","body":""}\n{"id":1}\n[]\n{"publishTime":"2026-11-26T12:00:00.000Z","id":"torn`,
  );
  await writeFile(join(folder, "orders", "notes.ndjson"), "my notes\n");
  const said: [object, string][] = [];
  const note = (fields: object, text: string): unknown => said.push([fields, text]);
  const logger: Logger = { debug: note, info: note, warn: note, error: note };
  const store = fileArchive(folder, { logger });
  await store.append([message(3)]);
  expect(await idsOf(store)).toEqual(["m1", "m2", "m3"]);
  expect(said).toEqual([
    [{ topic: "orders", file, damaged: 4 }, expect.stringContaining("4 lines")],
    [{ topic: "orders", file }, expect.stringContaining("has no end")],
  ]);
  await store.close();
});

test("prune deletes what a process left when it died, a day later", async () => {
  const folder = await ownFolder();
  const clock = new VirtualClock();
  const died = fileArchive(folder, { clock });
  await died.append([message(1)]);
  const store = fileArchive(folder, { clock });
  const before = new Date(START_MS + 1000);
  await store.prune("orders", before);
  expect(await idsOf(store)).toEqual(["m1"]);
  await clock.advance(26 * 3_600_000);
  await store.prune("orders", before);
  expect(await filesOf(folder)).toEqual([]);
  // It was only slow: it goes on with a new file.
  await died.append([message(2)]);
  expect(await idsOf(store)).toEqual(["m2"]);
  await died.close();
});

test("many files whose times overlap are read in order", async () => {
  const folder = await ownFolder();
  const store = fileArchive(folder, { maxSegmentBytes: 1024 });
  const numbers = Array.from({ length: 500 }, (_, n) => (n * 173) % 500);
  for (let at = 0; at < numbers.length; at += 7) {
    await store.append(numbers.slice(at, at + 7).map((n) => message(n)));
  }
  expect(await idsOf(store)).toEqual(Array.from({ length: 500 }, (_, n) => `m${n}`));
  await store.close();
});

test.for<readonly [options: object, says: string]>([
  [{ maxSegmentBytes: 0 }, "maxSegmentBytes is 0"],
  [{ maxSegmentMs: 86_400_001 }, "maxSegmentMs"],
  [{ maxBytes: 1 }, "no option maxBytes"],
])("%o is a mistake of the caller", ([options, says]) => {
  expect(() => fileArchive("x", options)).toThrow(says);
  expect(() => fileArchive("")).toThrow("folder");
});
