import type { Broker } from "@anytopic/brokers";
import { afterAll, describe, expect, test } from "vitest";
import { opened } from "./opened.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const FAST = "repl-diskless-sync-delay 0\nrepl-ping-replica-period 1";
const all = new RedisServers();
afterAll(async () => await all.close());

const primary = await all.startOrSkip(FAST);
const replicas: Broker[] = [];
const sentinels: Broker[] = [];
if (primary !== undefined) {
  for (let count = 0; count < 2; count += 1)
    replicas.push(await all.start(`${FAST}\nreplicaof 127.0.0.1 ${primary.port}`));
  const watch = [
    `sentinel monitor main 127.0.0.1 ${primary.port} 2`,
    "sentinel down-after-milliseconds main 500",
    "sentinel failover-timeout main 3000",
  ].join("\n");
  for (let count = 0; count < 3; count += 1)
    sentinels.push(await all.start(watch, { implementation: "redis-sentinel" }));
}

const isSynced = async (): Promise<boolean> => {
  const info = await Promise.all(replicas.map(async (replica) => replica.admin?.(["INFO", "replication"])));
  return info.every((text) => text?.includes("master_link_status:up"));
};
const known = async (what: string): Promise<number> => {
  const text = (await sentinels[0]?.admin?.(["SENTINEL", "MASTER", "main"])) ?? "";
  const lines = text.split("\n");
  return Number(lines[lines.indexOf(what) + 1]);
};

describe.skipIf(primary === undefined)("sentinel", () => {
  test("the primary is found, also when the first sentinel is away", async () => {
    await expect.poll(isSynced).toBe(true);
    const servers = ["127.0.0.1:1", ...sentinels.map(addressOf)];
    await using one = await opened({ servers, sentinel: "main" });
    await one.connection.send(["SET", "here", "yes"]);
    expect(await primary?.admin?.(["GET", "here"])).toContain("yes");
  });

  test("what is wrong is said: an unknown name, a server instead of a sentinel, a sentinel instead of a server", async () => {
    const [sentinel] = sentinels.map(addressOf);
    await expect(opened({ servers: sentinel, sentinel: "other" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining("watches no primary named other"),
    });
    await expect(opened({ servers: addressOf(primary as Broker), sentinel: "main" })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("is not a sentinel"),
    });
    await expect(opened({ servers: sentinel })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("is a sentinel"),
    });
    await expect(opened({ servers: addressOf(replicas[0] as Broker) })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("is a replica"),
    });
  });

  test(
    "after a failover the new primary is used, and what the replicas had confirmed is there",
    { timeout: 60_000 },
    async () => {
      await expect.poll(isSynced).toBe(true);
      await expect.poll(async () => known("num-slaves"), { timeout: 20_000 }).toBe(2);
      await expect.poll(async () => known("num-other-sentinels"), { timeout: 20_000 }).toBe(2);
      await using one = await opened({
        servers: sentinels.map(addressOf),
        sentinel: "main",
        replicas: 2,
        pingIntervalMs: 200,
      });
      const { connection } = one;
      const send = connection.publishing("kept");
      const accepted = await Promise.allSettled(
        Array.from({ length: 100 }, (_, at) => send(["XADD", "kept", "*", "n", String(at)], at === 99)),
      );
      expect(accepted.every(({ status }) => status === "fulfilled")).toBe(true);
      const before = connection.native;
      await primary?.kill?.();
      await expect.poll(() => connection.native !== before && connection.connected, { timeout: 40_000 }).toBe(true);
      expect(await connection.send(["XLEN", "kept"])).toBe(100);
      await connection.send(["XADD", "kept", "*", "n", "after"]);
      await expect.poll(() => one.states.at(-1), { timeout: 20_000 }).toBe("up");
    },
  );
});
