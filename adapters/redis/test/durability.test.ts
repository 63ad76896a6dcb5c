import type { Broker } from "@anytopic/brokers";
import { afterAll, describe, expect, test } from "vitest";
import { script } from "../src/scripts/script.ts";
import { opened } from "./opened.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";

const all = new RedisServers();
afterAll(async () => await all.close());

const plain = await all.startOrSkip();
const of = (broker: Broker | undefined): { readonly servers: string } => ({ servers: addressOf(broker as Broker) });

describe.skipIf(plain === undefined)("durability", () => {
  test("a server with an append-only file is taken, and nothing is said", async () => {
    await using one = await opened(of(plain));
    expect(one.warnings).toEqual([]);
    expect(one.connection.unseen).toEqual([]);
  });

  test("one without is refused, with what to do; by option it is a warning, or agreed to", async () => {
    const none = of(await all.start("appendonly no"));
    await expect(opened(none)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringMatching(/no append-only file: set appendonly yes, or say durability: "process"/),
    });
    await using warned = await opened({ ...none, unsafeServer: "warn" });
    expect(warned.warnings).toEqual([expect.stringContaining("no append-only file")]);
    for (const durability of ["process", "trusted"] as const) {
      await using agreed = await opened({ ...none, durability });
      expect(agreed.warnings).toEqual([]);
    }
  });

  test("always needs a server that syncs always", async () => {
    await expect(opened({ ...of(plain), durability: "always" })).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("durability is always, and appendfsync of the server is everysec"),
    });
    await using one = await opened({ ...of(await all.start("appendfsync always")), durability: "always" });
    expect(one.warnings).toEqual([]);
  });

  test("a server that evicts messages is refused; one that evicts keys with a time serves no exactly-once topics", async () => {
    const evicting = of(await all.start("maxmemory 100mb\nmaxmemory-policy allkeys-lru"));
    await expect(opened(evicting)).rejects.toMatchObject({
      code: "INVALID_CONFIG",
      message: expect.stringContaining("maxmemory-policy is allkeys-lru"),
    });
    await using warned = await opened({ ...evicting, unsafeServer: "warn" });
    expect(warned.warnings).toEqual([expect.stringContaining("set noeviction")]);

    await using expiring = await opened(of(await all.start("maxmemory 100mb\nmaxmemory-policy volatile-ttl")));
    expect(() => expiring.connection.requireKeptIds("signups")).toThrow(/topic signups is exactly-once/);
    await using safe = await opened(of(plain));
    expect(() => safe.connection.requireKeptIds("signups")).not.toThrow();
  });

  test("a user that may not look is told so", async () => {
    const guarded = await all.start("user reader on >secret ~* -@all +xadd +ping");
    await using one = await opened({ ...of(guarded), user: "reader", password: "secret" });
    expect(one.connection.unseen).toHaveLength(2);
    expect(one.warnings.join()).toContain("may not run INFO");
  });

  test(
    "with replicas a publish is accepted when they have it, and refused when they do not answer",
    { timeout: 60_000 },
    async () => {
      const primary = await all.start("repl-diskless-sync-delay 0");
      const replica = await all.start(`replicaof 127.0.0.1 ${primary.port}\nrepl-diskless-sync-delay 0`);
      const isSynced = async (): Promise<boolean> =>
        (await replica.admin?.(["INFO", "replication"]))?.includes("master_link_status:up") === true;
      await expect.poll(isSynced).toBe(true);
      await using one = await opened({ ...of(primary), replicas: 1 });
      const { connection } = one;
      const publish = (): readonly Promise<unknown>[] => {
        const send = connection.publishing("kept");
        return [send(["XADD", "kept", "*", "n", "1"], false), send(["XADD", "kept", "*", "n", "2"], true)];
      };
      await Promise.all(publish());
      const add = script("add", "return redis.call('XADD', KEYS[1], '*', 'n', '3')");
      await connection.script(add, ["kept"], [], true);
      expect((await replica.admin?.(["XLEN", "kept"]))?.trim()).toBe("3");

      await replica.freeze?.();
      try {
        const refused = await Promise.allSettled(publish());
        for (const result of refused)
          expect(result).toMatchObject({ status: "rejected", reason: { code: "UNAVAILABLE" } });
        const began = performance.now();
        const waiting = connection.script(add, ["kept"], [], true).catch(String);
        // Other commands do not wait behind a publish.
        await expect.poll(async () => connection.send(["XLEN", "kept"])).toBe(6);
        expect(performance.now() - began).toBeLessThan(2000);
        expect(await waiting).toContain("0 of 1 replicas");
      } finally {
        await replica.thaw?.();
      }
    },
  );
});
