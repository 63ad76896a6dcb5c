import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ClusterLoad, comesToRest, goesOn, isNoticed, isUp } from "@anytopic/conformance";
import { describe, expect, onTestFinished, test } from "vitest";
import { clientsOf } from "./cluster/clients-of.ts";
import type { ClusterNode } from "./cluster/cluster-node.ts";
import { NatsCluster, natsServerProgram } from "./cluster/nats-cluster.ts";

// Elections and real faults take three minutes: only when asked for.
const command = process.env["ANYTOPIC_CLUSTERS"] === undefined ? undefined : natsServerProgram();

/** Also of tests that pass. */
const keepsTraces = process.env["ANYTOPIC_TRACES"] !== undefined;

const RECOVERY_MS = 60_000;
const ROUNDS = 40;

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

describe.skipIf(command === undefined)("a cluster of three nats-servers", { timeout: 180_000 }, () => {
  async function started(): Promise<Scene> {
    const cluster = await NatsCluster.start(command as string);
    onTestFinished(async () => cluster.close());
    const load = await ClusterLoad.start(clientsOf(cluster), randomUUID().slice(0, 8));
    onTestFinished(async () => load.close());
    onTestFinished(async ({ task }) => {
      if (task.result?.state !== "fail" && !keepsTraces) return;
      const folder = mkdtempSync(join(tmpdir(), "anytopic-cluster-trace-"));
      await cluster.save(folder);
      const missing = load.record.missing();
      for (const stream of missing.length > 0 ? [load.orderedTopic, load.unorderedTopic] : []) {
        load.trace.note(await cluster.placesOf(stream, missing).catch(String));
      }
      writeFileSync(join(folder, "trace.log"), load.trace.toString());
      process.stdout.write(`what the adapter and the servers did is in ${folder}\n`);
    });
    await goesOn(load);
    await isUp(load);
    load.record.takePauses();
    return { cluster, load };
  }

  async function expectSettled({ cluster, load }: Scene, what: string): Promise<void> {
    const numbers = await comesToRest(load, async (stream) => isBroken(cluster, stream));
    process.stdout.write(`${what}: ${JSON.stringify(numbers)}\n`);
  }

  test("the leader of the stream is killed, and started again", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedTopic);
    await leader.kill();
    await goesOn(load);
    await leader.start();
    await cluster.untilCurrent();
    await goesOn(load);
    await expectSettled({ cluster, load }, "leader killed");
  });

  test("the leader is cut off from nodes and clients, and comes back", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedTopic);
    cluster.cutOff(leader);
    // Whoever is connected there notices.
    await isNoticed(load);
    await goesOn(load);
    await cluster.heal(leader);
    await cluster.untilCurrent();
    await goesOn(load);
    await expectSettled({ cluster, load }, "leader cut off");
  });

  test("the leader stands still, and goes on", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedTopic);
    await leader.freeze();
    await isNoticed(load);
    await goesOn(load);
    await leader.thaw();
    await cluster.untilCurrent();
    await goesOn(load);
    await expectSettled({ cluster, load }, "leader frozen");
  });

  test("the leaders of consumer, stream and lease step down, and connections are lost, again and again", async () => {
    const { cluster, load } = await started();
    const { orderedTopic, trace } = load;
    for (let round = 0; round < ROUNDS; round += 1) {
      const node = cluster.nodes[round % 3] as ClusterNode;
      trace.note(`round ${round}: connections to ${node.name} are lost`);
      node.clients.resetPeers();
      // While a worker looks for unsettled messages, its answers come from a leader that is leaving or has just been elected.
      await setTimeout(20 * (round % 8));
      await cluster.stepDown(orderedTopic, "worker");
      if (round % 3 === 0) await cluster.stepDown(orderedTopic);
      if (round % 10 === 0) await cluster.stepDown(`${orderedTopic}__worker__leader`);
      await setTimeout(100 * (round % 7));
    }
    await goesOn(load);
    await expectSettled({ cluster, load }, "step-downs");
  });

  test("without a majority nothing is confirmed, and health() says so; with one everything goes on", async () => {
    const { cluster, load } = await started();
    const { record } = load;
    const leader = await cluster.leaderOf(load.orderedTopic);
    const killed = cluster.nodes.filter((node) => node !== leader);
    await Promise.all(killed.map(async (node) => node.kill()));
    await expect.poll(() => load.health(), { timeout: RECOVERY_MS }).not.toContain("up");
    const { confirmations, refusedCount } = record;
    await expect.poll(() => record.refusedCount - refusedCount, { timeout: RECOVERY_MS }).toBeGreaterThan(100);
    expect(record.confirmations).toBe(confirmations);
    expect(load.health()).not.toContain("up");
    for (const node of killed) await node.start();
    await goesOn(load);
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
      await goesOn(load);
    }
    await expectSettled({ cluster, load }, "rolling restart");
  });

  test("a node loses its disk, gets everything from the others, and then another node is killed", async () => {
    const { cluster, load } = await started();
    const leader = await cluster.leaderOf(load.orderedTopic);
    await leader.kill();
    leader.loseDisk();
    await leader.start();
    await cluster.untilCurrent();
    await goesOn(load);
    await cluster.nodes.find((node) => node !== leader)?.kill();
    await goesOn(load);
    await expectSettled({ cluster, load }, "disk lost");
  });
});
