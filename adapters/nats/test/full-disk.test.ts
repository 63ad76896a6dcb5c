import { randomUUID } from "node:crypto";
import { type Broker, smallDiskOrSkip, startBrokerOrSkip } from "@anytopic/brokers";
import { ClusterLoad, comesToRest, goesOn, isNoticed } from "@anytopic/conformance";
import { nats } from "@anytopic/nats";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

const SIZE_BYTES = 64 * 1024 * 1024;
const disk = await smallDiskOrSkip(SIZE_BYTES);
const broker =
  disk === undefined
    ? undefined
    : await startBrokerOrSkip("nats", { provider: "native", implementation: "nats-server", dataFolder: disk.folder });

describe.skipIf(broker === undefined)("a full disk", { timeout: 120_000 }, () => {
  afterAll(async () => {
    await broker?.close();
    await disk?.close();
  });

  // The server stops answering, or switches JetStream off, and stays so: see "A full disk" in the README.
  test("no publish is confirmed and then lost; after a restart all goes on", async () => {
    const { url, kill, start } = broker as Broker;
    const adapter = (): ReturnType<typeof nats> => nats({ servers: url, leaderLeaseMs: 3000 });
    const load = await ClusterLoad.start(
      { servers: [url, url, url], adapter, serverOf: () => url },
      randomUUID().slice(0, 8),
    );
    onTestFinished(async () => load.close());
    await goesOn(load);
    await disk?.fill();
    await isNoticed(load);
    await expect.poll(() => load.record.refusedCount, { timeout: 30_000 }).toBeGreaterThan(20);
    expect(load.record.finalRefusals).toEqual([]);
    await disk?.free();
    await kill?.();
    await start?.();
    await goesOn(load);
    await comesToRest(load);
  });
});
