import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Broker } from "@anytopic/brokers";
import { afterAll, describe, expect, test } from "vitest";
import { slotOf } from "../src/connection/slots.ts";
import { script } from "../src/scripts/script.ts";
import { opened } from "./opened.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const all = new RedisServers();
afterAll(async () => await all.close());

const nodes: Broker[] = [];
const CONFIG = "cluster-enabled yes\ncluster-node-timeout 2000";
const first = await all.startOrSkip(CONFIG);
if (first !== undefined) {
  nodes.push(first, await all.start(CONFIG), await all.start(CONFIG));
  await promisify(execFile)("redis-cli", ["--cluster", "create", ...nodes.map(addressOf), "--cluster-yes"]);
}
const servers = nodes.map(addressOf);
const clusterOk = async (): Promise<boolean> => {
  const infos = await Promise.all(nodes.map(async (node) => node.admin?.(["CLUSTER", "INFO"])));
  return infos.every((info) => info?.includes("cluster_state:ok"));
};
const slotsOf = async (node: Broker): Promise<string> => (await node.admin?.(["CLUSTER", "NODES"])) ?? "";

test("a hash slot is that of the part in braces", () => {
  // Of the specification of Redis Cluster.
  expect(slotOf("123456789")).toBe(0x31c3);
  expect(slotOf("{signups}:mail:again")).toBe(slotOf("signups"));
  expect(slotOf("{}x")).not.toBe(slotOf(""));
  expect(slotOf("a{b}{c}")).toBe(slotOf("b"));
});

describe.skipIf(first === undefined)("a cluster of three nodes", () => {
  test("each topic is served by the owner of its slot: commands, scripts and reads", async () => {
    await expect.poll(clusterOk).toBe(true);
    await using one = await opened({ servers, cluster: true });
    const { connection } = one;
    const topics = Array.from({ length: 9 }, (_, at) => `topic-${at}`);
    const add = script("add", "return redis.call('XADD', KEYS[1], '*', 'n', ARGV[1])");
    for (const topic of topics) {
      await connection.send(["XGROUP", "CREATE", topic, "mail", "$", "MKSTREAM"]);
      const reader = await connection.openReader(topic);
      const read = reader.read(["XREADGROUP", "GROUP", "mail", "me", "BLOCK", "1000", "STREAMS", topic, ">"], 1000);
      await connection.send(["XADD", topic, "*", "n", "1"]);
      expect(await read).toHaveLength(1);
      await connection.script(add, [topic, `{${topic}}:mail:again`], ["2"]);
      expect(await connection.send(["XLEN", topic])).toBe(2);
      reader.unblock();
      reader.close();
    }
    const owners = new Set(topics.map((topic) => Math.floor(slotOf(topic) / 5461)));
    expect(owners.size).toBe(3);
    expect(one.states.at(-1)).toBe("up");
  });

  test(
    "when a slot has moved, its commands reject once, and then go to the new owner",
    { timeout: 60_000 },
    async () => {
      await using one = await opened({ servers, cluster: true });
      const { connection } = one;
      await connection.send(["SET", "moving", "yes"]);
      const slot = String(slotOf("moving"));
      const ids = new Map<Broker, string>();
      for (const node of nodes) ids.set(node, ((await node.admin?.(["CLUSTER", "MYID"])) ?? "").trim());
      const owners = (await slotsOf(nodes[0] as Broker)).split("\n").filter((line) => line.includes("master"));
      const owner = owners.find((line) =>
        line
          .split(" ")
          .slice(8)
          .some((range) => {
            const [from = 0, to = from] = range.split("-").map(Number);
            return from <= Number(slot) && Number(slot) <= to;
          }),
      );
      const from = nodes.find((node) => owner?.startsWith(ids.get(node) ?? "?")) as Broker;
      const to = nodes.find((node) => node !== from) as Broker;
      await to.admin?.(["CLUSTER", "SETSLOT", slot, "IMPORTING", ids.get(from) ?? ""]);
      await from.admin?.(["CLUSTER", "SETSLOT", slot, "MIGRATING", ids.get(to) ?? ""]);
      await from.admin?.(["MIGRATE", "127.0.0.1", String(to.port), "moving", "0", "5000"]);
      for (const node of [to, from, ...nodes])
        await node.admin?.(["CLUSTER", "SETSLOT", slot, "NODE", ids.get(to) ?? ""]);
      await expect(connection.send(["GET", "moving"])).rejects.toThrow(/MOVED/);
      await expect
        .poll(async () => connection.send(["GET", "moving"]).then(String, String), { timeout: 20_000 })
        .toBe("yes");
    },
  );

  test("what is wrong is said: cluster and a plain server, a node without cluster", async () => {
    await expect(opened({ servers: servers[0] })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("set cluster to true"),
    });
    const plain = await all.start();
    await expect(opened({ servers: addressOf(plain), cluster: true })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("set cluster to false"),
    });
  });
});
