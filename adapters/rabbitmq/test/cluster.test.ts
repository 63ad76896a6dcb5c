import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rabbitmqScripts } from "@anytopic/brokers";
import { ClusterLoad, comesToRest, goesOn, isNoticed, isUp } from "@anytopic/conformance";
import { describe, expect, onTestFinished, test } from "vitest";
import { clientsOf } from "./cluster/clients-of.ts";
import { RabbitmqCluster } from "./cluster/rabbitmq-cluster.ts";

// Elections and real faults take minutes: only when asked for.
const scripts = process.env["ANYTOPIC_CLUSTERS"] === undefined ? undefined : rabbitmqScripts();

const RECOVERY_MS = 60_000;

describe.skipIf(scripts === undefined)("a cluster of three RabbitMQ servers", { timeout: 600_000 }, () => {
  async function started(): Promise<{
    readonly cluster: RabbitmqCluster;
    readonly load: ClusterLoad;
    readonly queue: string;
  }> {
    const cluster = await RabbitmqCluster.start(scripts as string);
    onTestFinished(async () => cluster.close());
    const load = await ClusterLoad.start(clientsOf(cluster), randomUUID().slice(0, 8));
    onTestFinished(async () => load.close());
    onTestFinished(({ task }) => {
      if (task.result?.state === "fail") saveTrace(cluster, load);
    });
    await goesOn(load);
    await isUp(load);
    load.record.takePauses();
    return { cluster, load, queue: `${load.orderedTopic}.${load.subscription}` };
  }

  async function expectSettled(load: ClusterLoad, what: string): Promise<void> {
    process.stdout.write(`${what}: ${JSON.stringify(await comesToRest(load))}\n`);
  }

  test("the leader of the queue is killed, and started again", async () => {
    const { cluster, load, queue } = await started();
    const leader = await cluster.leaderOf(queue);
    await leader.kill();
    await goesOn(load);
    await leader.start();
    await cluster.untilCurrent();
    await goesOn(load);
    await expectSettled(load, "leader killed");
  });

  test("the leader is cut off from nodes and clients, and comes back", async () => {
    const { cluster, load, queue } = await started();
    const leader = await cluster.leaderOf(queue);
    cluster.cutOff(leader);
    // Whoever is connected there notices.
    await isNoticed(load);
    await goesOn(load);
    await cluster.heal(leader);
    await cluster.untilCurrent();
    await goesOn(load);
    await expectSettled(load, "leader cut off");
  });

  test("the leader stands still, and goes on", async () => {
    const { cluster, load, queue } = await started();
    const leader = await cluster.leaderOf(queue);
    await leader.freeze();
    await isNoticed(load);
    await goesOn(load);
    await leader.thaw();
    await cluster.untilCurrent();
    await goesOn(load);
    await expectSettled(load, "leader frozen");
  });

  test("without a majority nothing is confirmed, and health() says so; with one everything goes on", async () => {
    const { cluster, load, queue } = await started();
    const { record } = load;
    const leader = await cluster.leaderOf(queue);
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
    await expectSettled(load, "majority killed");
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
    await expectSettled(load, "rolling restart");
  });

  test("a node loses its disk, gets everything from the others, and then another node is killed", async () => {
    const { cluster, load, queue } = await started();
    const leader = await cluster.leaderOf(queue);
    await leader.kill();
    leader.loseDisk();
    await cluster.replace(leader);
    await cluster.untilCurrent();
    await goesOn(load);
    await cluster.nodes.find((node) => node !== leader)?.kill();
    await goesOn(load);
    await expectSettled(load, "disk lost");
  });
});

function saveTrace(cluster: RabbitmqCluster, load: ClusterLoad): void {
  const folder = mkdtempSync(join(tmpdir(), "anytopic-cluster-trace-"));
  writeFileSync(join(folder, "trace.log"), load.trace.toString());
  for (const node of cluster.nodes) writeFileSync(join(folder, `${node.name}.log`), node.log(10_000));
  process.stdout.write(`what the load and the servers did is in ${folder}\n`);
}
