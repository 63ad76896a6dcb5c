import { randomUUID } from "node:crypto";
import { type Broker, type SmallDisk, smallDiskOrSkip, startBrokerOrSkip } from "@anytopic/brokers";
import { ClusterLoad, comesToRest, goesOn, isNoticed } from "@anytopic/conformance";
import { rabbitmq } from "@anytopic/rabbitmq";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

const SIZE_BYTES = 192 * 1024 * 1024;
const LIMIT_BYTES = 64 * 1024 * 1024;
const disk = await smallDiskOrSkip(SIZE_BYTES);
const broker =
  disk === undefined
    ? undefined
    : await startBrokerOrSkip("rabbitmq", {
        provider: "native",
        dataFolder: disk.folder,
        config: `disk_free_limit.absolute = ${LIMIT_BYTES}`,
      });

describe.skipIf(broker === undefined)("a full disk", { timeout: 240_000 }, () => {
  const { admin, kill, start, url } = (broker ?? {}) as Broker;
  const { fill, free } = (disk ?? {}) as SmallDisk;
  afterAll(async () => {
    await broker?.close();
    await disk?.close();
  });

  async function started(): Promise<ClusterLoad> {
    const adapter = (): ReturnType<typeof rabbitmq> => rabbitmq({ url });
    const clients = { servers: [url, url, url], adapter, serverOf: () => url, copiesRetries: true };
    const load = await ClusterLoad.start(clients, randomUUID().slice(0, 8));
    onTestFinished(async () => load.close());
    await goesOn(load);
    return load;
  }

  test("below disk_free_limit publishes are refused and health says why, and all goes on by itself", async () => {
    const load = await started();
    await fill(LIMIT_BYTES / 2);
    await isNoticed(load);
    expect(load.problems()).toContain("low on disk");
    await expect.poll(() => load.record.refusals.get("TIMEOUT") ?? 0, { timeout: 30_000 }).toBeGreaterThan(5);
    expect(load.record.finalRefusals).toEqual([]);
    await free();
    await goesOn(load);
    await comesToRest(load);
  });

  // The server writes on until its write-ahead log fails, and its quorum queues end with that: see "A full disk" in the README.
  test("when nothing is left, no publish is confirmed and then lost; after a restart all goes on", async () => {
    await admin?.(["set_disk_free_limit", "1"]);
    const load = await started();
    await fill();
    await expect.poll(() => load.record.refusedCount, { timeout: 60_000 }).toBeGreaterThan(20);
    expect(load.record.finalRefusals).toEqual([]);
    await free();
    await kill?.();
    await start?.();
    await goesOn(load);
    await comesToRest(load);
  });
});
