import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ClusterLoad } from "./cluster/cluster-load.ts";
import type { ClusterNode } from "./cluster/cluster-node.ts";
import { NatsCluster, natsServerProgram } from "./cluster/nats-cluster.ts";

// Elections and real faults take three minutes: only when asked for.
const command = process.env["ANYTOPIC_CLUSTERS"] === undefined ? undefined : natsServerProgram();

/** Also of tests that pass. */
const keepsTraces = process.env["ANYTOPIC_TRACES"] !== undefined;

const RECOVERY_MS = 60_000;
/** More messages of each key after a fault. */
const MORE = 10;
const ROUNDS = 40;
const ALL_UP = ["up", "up", "up", "up"];

interface Scene {
  readonly cluster: NatsCluster;
  readonly load: ClusterLoad;
}

/**
 * Whether a node has lost messages of its copy, to be asked when nobody publishes. Servers before 2.9.15 keep an entry of their log
 * that the new leader has otherwise (`processAppendEntry` in `server/raft.go`).
 */
async function isBroken(cluster: NatsCluster, stream: string): Promise<boolean> {
  const copies = await cluster.copiesOf(stream);
  if (new Set(copies).size <= 1) return false;
  process.stdout.write(`the server has lost messages: the copies of ${stream} have ${copies.join(", ")}\n`);
  return true;
}

async function waitFor(isTrue: () => boolean, timeoutMs: number): Promise<boolean> {
  return vi.waitUntil(isTrue, { timeout: timeoutMs, interval: 100 }).then(
    () => true,
    () => false,
  );
}

describe.skipIf(command === undefined)("a cluster of three nats-servers", { timeout: 180_000 }, () => {
  async function started(): Promise<Scene> {
    const cluster = await NatsCluster.start(command as string);
    onTestFinished(async () => cluster.close());
    const load = await ClusterLoad.start(cluster, randomUUID().slice(0, 8));
    onTestFinished(async () => load.close());
    onTestFinished(async ({ task }) => {
      if (task.result?.state !== "fail" && !keepsTraces) return;
      const folder = mkdtempSync(join(tmpdir(), "anytopic-cluster-trace-"));
      await cluster.save(folder);
      const missing = load.record.missing().map((place) => place.replace("/", "-"));
      for (const stream of missing.length > 0 ? [load.orderedStream, load.unorderedStream] : []) {
        load.trace.note(await cluster.placesOf(stream, missing).catch(String));
      }
      writeFileSync(join(folder, "trace.log"), load.trace.toString());
      process.stdout.write(`what the adapter and the servers did is in ${folder}\n`);
    });
    await expectProgress(load);
    expect(load.health()).toEqual(ALL_UP);
    load.record.takePauses();
    return { cluster, load };
  }

  /** Publishing and handling go on, with every publisher, topic and key. */
  async function expectProgress(load: ClusterLoad): Promise<void> {
    const { record } = load;
    const goal = record.slowest + MORE;
    await expect
      .poll(() => (record.slowest >= goal ? "goes on" : load.problems()), { timeout: RECOVERY_MS })
      .toBe("goes on");
  }

  /** Everything comes to rest by itself: all is confirmed, all that was confirmed is handled in order, and all are up. */
  async function expectSettled({ cluster, load }: Scene, what: string): Promise<void> {
    const { record } = load;
    await load.stopPublishing();
    const isHandled = await waitFor(() => record.missing().length === 0, RECOVERY_MS);
    const orderedIsBroken = await isBroken(cluster, load.orderedStream);
    const unorderedIsBroken = await isBroken(cluster, load.unorderedStream);
    const missing = record.missing().filter((id) => !(id.startsWith("ordered") ? orderedIsBroken : unorderedIsBroken));
    expect({
      missing: isHandled ? [] : missing,
      outOfOrder: orderedIsBroken ? [] : record.outOfOrder.slice(0, 10),
      orderErrors: load.orderErrors,
    }).toEqual({ missing: [], outOfOrder: [], orderErrors: [] });
    expect(record.finalRefusals).toEqual([]);
    await expect.poll(() => load.health(), { timeout: RECOVERY_MS }).toEqual(ALL_UP);
    const { confirmations, repeats, refusals } = record;
    const numbers = { confirmations, repeats, refusals: Object.fromEntries(refusals), ...record.takePauses() };
    process.stdout.write(`${what}: ${JSON.stringify(numbers)}\n`);
  }

  test("the leader of the stream is killed, and started again", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedStream);
    await leader.kill();
    await expectProgress(load);
    await leader.start();
    await cluster.untilCurrent();
    await expectProgress(load);
    await expectSettled({ cluster, load }, "leader killed");
  });

  test("the leader is cut off from nodes and clients, and comes back", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedStream);
    cluster.cutOff(leader);
    // Whoever is connected there notices.
    await expect.poll(() => load.health(), { timeout: RECOVERY_MS }).not.toEqual(ALL_UP);
    await expectProgress(load);
    await cluster.heal(leader);
    await cluster.untilCurrent();
    await expectProgress(load);
    await expectSettled({ cluster, load }, "leader cut off");
  });

  test("the leader stands still, and goes on", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedStream);
    await leader.freeze();
    await expect.poll(() => load.health(), { timeout: RECOVERY_MS }).not.toEqual(ALL_UP);
    await expectProgress(load);
    await leader.thaw();
    await cluster.untilCurrent();
    await expectProgress(load);
    await expectSettled({ cluster, load }, "leader frozen");
  });

  test("the leaders of consumer, stream and lease step down, and connections are lost, again and again", async () => {
    const { cluster, load } = await started();
    const { orderedStream, trace } = load;
    for (let round = 0; round < ROUNDS; round += 1) {
      const node = cluster.nodes[round % 3] as ClusterNode;
      trace.note(`round ${round}: connections to ${node.name} are lost`);
      node.clients.resetPeers();
      // While a worker looks for unsettled messages, its answers come from a leader that is leaving or has just been elected.
      await setTimeout(20 * (round % 8));
      await cluster.stepDown(orderedStream, "worker");
      if (round % 3 === 0) await cluster.stepDown(orderedStream);
      if (round % 10 === 0) await cluster.stepDown(`${orderedStream}__worker__leader`);
      await setTimeout(100 * (round % 7));
    }
    await expectProgress(load);
    await expectSettled({ cluster, load }, "step-downs");
  });

  test("without a majority nothing is confirmed, and health() says so; with one everything goes on", async () => {
    const { cluster, load } = await started();
    const { record } = load;
    const leader = await cluster.leaderOf(load.orderedStream);
    const killed = cluster.nodes.filter((node) => node !== leader);
    await Promise.all(killed.map(async (node) => node.kill()));
    await expect.poll(() => load.health(), { timeout: RECOVERY_MS }).not.toContain("up");
    const { confirmations, refusedCount } = record;
    await expect.poll(() => record.refusedCount - refusedCount, { timeout: RECOVERY_MS }).toBeGreaterThan(100);
    expect(record.confirmations).toBe(confirmations);
    expect(load.health()).not.toContain("up");
    for (const node of killed) await node.start();
    await expectProgress(load);
    await cluster.untilCurrent();
    await expectSettled({ cluster, load }, "majority killed");
    expect([...record.refusals.keys()].filter((code) => code !== "UNAVAILABLE" && code !== "TIMEOUT")).toEqual([]);
  });

  test("all three are restarted in turn, under load", async () => {
    const { cluster, load } = await started();
    for (const node of cluster.nodes) {
      await node.stop();
      await node.start();
      await cluster.untilCurrent();
      await expectProgress(load);
    }
    await expectSettled({ cluster, load }, "rolling restart");
  });

  test("a node loses its disk, gets everything from the others, and then another node is killed", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedStream);
    await leader.kill();
    leader.loseDisk();
    await leader.start();
    await cluster.untilCurrent();
    await expectProgress(load);
    await cluster.nodes.find((node) => node !== leader)?.kill();
    await expectProgress(load);
    await expectSettled({ cluster, load }, "disk lost");
  });
});
