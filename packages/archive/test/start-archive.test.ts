import { randomUUID } from "node:crypto";
import { statfsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ArchivedMessage, type ArchiveStore, defineArchive, fileArchive, startArchive } from "@anytopic/archive";
import { bytesCodec, connect, defineTopic, type PubSub, type StandardSchema, VirtualClock } from "@anytopic/core";
import { expect, onTestFinished, test } from "vitest";
import { all, ownFolder } from "./messages.ts";

const neverValid: StandardSchema<number, number> = {
  "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) },
};
const name = (): string => `kept-${randomUUID().slice(0, 8)}`;

async function onMemory(declarations: Parameters<PubSub["apply"]>[0]): Promise<PubSub> {
  const pubsub = await connect("memory:", { declarations });
  onTestFinished(async () => await pubsub.close());
  return pubsub;
}

test("what the topic's codec and schema refuse is archived with its bytes, and its expiry too", async () => {
  const topic = defineTopic(name(), { schema: neverValid });
  const raw = defineTopic<Uint8Array>(topic.name, { codec: bytesCodec });
  const archive = defineArchive(topic);
  const pubsub = await onMemory([archive]);
  const store = fileArchive(await ownFolder());
  const worker = await startArchive(pubsub, archive, store);
  const expiresAt = new Date(Date.now() + 3_600_000);
  await pubsub.publish(raw, Buffer.from([0xff, 0x00, 0x7b]), { id: "bytes" });
  await pubsub.publish(raw, Buffer.from("[1"), { id: "json", expiresAt, attributes: { a: "1" } });
  const kept = async (): Promise<readonly ArchivedMessage[]> => await all(store, { topic: topic.name });
  await expect.poll(async () => (await kept()).length).toBe(2);
  const found = new Map((await kept()).map((one) => [one.id, one]));
  expect(Buffer.from(found.get("bytes")?.body ?? [])).toEqual(Buffer.from([0xff, 0x00, 0x7b]));
  expect({ ...found.get("json")?.attributes }).toEqual({ a: "1", "anytopic-expires": String(expiresAt.getTime()) });
  expect(await pubsub.deadLetters(archive).count()).toBe(0);
  await worker.close();
  await store.close();
});

test("while the store fails, nothing is acknowledged, no attempt is spent, and the log says it", async () => {
  const archive = defineArchive(defineTopic<number>(name()), { name: "long-term" });
  const pubsub = await onMemory([archive]);
  const stored: ArchivedMessage[] = [];
  const said: string[] = [];
  let fails = true;
  const store: ArchiveStore = {
    append: async (messages) => {
      if (fails) throw new Error("no space");
      stored.push(...messages);
      await Promise.resolve();
    },
    read: async function* () {},
    prune: async () => {},
    close: async () => {},
  };
  const note = (_fields: object, text: string): unknown => said.push(text);
  const logger = { debug: note, info: note, warn: note, error: note };
  const clock = new VirtualClock();
  await startArchive(pubsub, archive, store, { logger, clock });
  for (let n = 0; n < 5; n += 1) await pubsub.publish(archive.topic as never, n);
  await expect.poll(() => said.length).toBe(1);
  await clock.advance(60_000);
  expect(stored).toEqual([]);
  expect((await pubsub.stats(archive)).inFlight).toBe(5);
  fails = false;
  await clock.advance(10_000);
  await expect.poll(() => new Set(stored.map(({ id }) => id)).size).toBe(5);
  expect(said[0]).toBe("the archive's store fails, trying again: no space");
  expect(said.at(-1)).toBe("the archive's store works again");
  await expect.poll(async () => (await pubsub.stats(archive)).inFlight).toBe(0);
});

test("an archiver that closes while the store fails gives its messages back", async () => {
  const archive = defineArchive(defineTopic<number>(name()), {
    retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: Infinity },
  });
  const pubsub = await onMemory([archive]);
  let tried = 0;
  const broken: ArchiveStore = {
    append: async () => {
      tried += 1;
      await Promise.reject(new Error("broken"));
    },
    read: async function* () {},
    prune: async () => {},
    close: async () => {},
  };
  const worker = await startArchive(pubsub, archive, broken);
  await pubsub.publish(archive.topic as never, 1);
  await expect.poll(() => tried).toBeGreaterThan(0);
  await worker.close({ timeoutMs: 100 });
  const store = fileArchive(await ownFolder());
  onTestFinished(async () => await store.close());
  await startArchive(pubsub, archive, store);
  await expect.poll(async () => (await all(store, { topic: archive.topic.name })).length).toBe(1);
});

/** A file system of 1 MiB, mounted by whoever runs the tests: `mount -t tmpfs -o size=1m tmpfs <folder>`. */
const SMALL_DISK = process.env["ANYTOPIC_SMALL_DISK"];

test.skipIf(SMALL_DISK === undefined)("on a full disk nothing is acknowledged that is not stored", async () => {
  const disk = SMALL_DISK as string;
  const archive = defineArchive(defineTopic<string>(name()));
  const pubsub = await onMemory([archive]);
  const store = fileArchive(join(disk, name()));
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = statfsSync(disk);
  await writeFile(ballast, Buffer.alloc(bavail * bsize - 64 * 1024));
  const said: string[] = [];
  const note = (_fields: object, text: string): unknown => said.push(text);
  let archived = 0;
  const onArchived = (messages: number): void => void (archived += messages);
  await startArchive(pubsub, archive, store, {
    maxMessages: 10,
    onArchived,
    logger: { debug: note, info: note, warn: note, error: note },
  });
  for (let n = 0; n < 200; n += 1) await pubsub.publish(archive.topic as never, "x".repeat(1000));
  await expect.poll(() => said.some((text) => text.includes("ENOSPC"))).toBe(true);
  const { waiting = 0, inFlight = 0 } = await pubsub.stats(archive);
  expect(archived).toBeLessThan(200);
  expect(waiting + inFlight).toBeGreaterThanOrEqual(200 - archived);
  expect((await all(store, { topic: archive.topic.name })).length).toBeGreaterThanOrEqual(archived);
  await writeFile(ballast, "");
  await expect
    .poll(async () => (await all(store, { topic: archive.topic.name })).length, { timeout: 15_000 })
    .toBe(200);
  await store.close();
});

test.for<readonly [options: object, says: string]>([
  [{ maxMessages: 0 }, "maxMessages is 0"],
  [{ maxWaitMs: 0 }, "maxWaitMs is 0"],
  [{ batch: 1 }, "no option batch"],
])("%o is a mistake of the caller", async ([options, says]) => {
  const archive = defineArchive(defineTopic(name()));
  const pubsub = await onMemory([archive]);
  const store = fileArchive(await ownFolder());
  await expect(startArchive(pubsub, archive, store, options)).rejects.toThrow(says);
  await expect(startArchive(pubsub, archive, {} as never)).rejects.toThrow("store is {}");
  expect(archive.name).toBe("archive");
  expect(archive.retryPolicy.maxRetries).toBe(Infinity);
});
