import { randomUUID } from "node:crypto";
import { type Broker, smallDiskOrSkip } from "@anytopic/brokers";
import { ClusterLoad, comesToRest, goesOn, isNoticed } from "@anytopic/conformance";
import { redis } from "@anytopic/redis";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { addressOf, RedisServers } from "./redis-servers.ts";

const SIZE_BYTES = 64 * 1024 * 1024;
const servers = new RedisServers();
const [disk, syncedDisk] = [await smallDiskOrSkip(SIZE_BYTES), await smallDiskOrSkip(SIZE_BYTES)];
const dataOn = async (folder: string | undefined, config: string): Promise<Broker | undefined> =>
  folder === undefined ? undefined : await servers.startOrSkip(config, { dataFolder: folder });
const server = await dataOn(disk?.folder, "");
const synced = await dataOn(syncedDisk?.folder, "appendfsync always");

describe.skipIf(server === undefined || synced === undefined)("a full disk", { timeout: 120_000 }, () => {
  afterAll(async () => {
    await servers.close();
    await Promise.all([disk?.close(), syncedDisk?.close()]);
  });

  async function loadOf(broker: Broker): Promise<ClusterLoad> {
    const address = addressOf(broker);
    const adapter = (): ReturnType<typeof redis> => redis({ servers: address });
    const clients = { servers: [address, address, address], adapter, serverOf: () => address };
    const load = await ClusterLoad.start(clients, randomUUID().slice(0, 8));
    onTestFinished(async () => load.close());
    await goesOn(load);
    return load;
  }

  test("refuses publishes and says why, and goes on by itself; nothing accepted is lost", async () => {
    const load = await loadOf(server as Broker);
    const { record } = load;
    await disk?.fill();
    await isNoticed(load);
    await expect.poll(() => record.refusals.get("RESOURCE_EXHAUSTED") ?? 0, { timeout: 30_000 }).toBeGreaterThan(20);
    expect(record.finalRefusals).toEqual([]);
    await disk?.free();
    await goesOn(load);
    await comesToRest(load);
  });

  test("with appendfsync always the server ends; started again, it has everything that was accepted", async () => {
    const broker = synced as Broker;
    const load = await loadOf(broker);
    const { record } = load;
    await syncedDisk?.fill();
    await isNoticed(load);
    await expect.poll(() => record.refusals.get("UNAVAILABLE") ?? 0, { timeout: 30_000 }).toBeGreaterThan(20);
    expect(record.finalRefusals).toEqual([]);
    await syncedDisk?.free();
    await broker.kill?.();
    await broker.start?.();
    await goesOn(load);
    await comesToRest(load);
  });
});
