import { afterAll, describe, expect, test } from "vitest";
import { BACKSTOP_ATTEMPTS } from "../src/limits.ts";
import type { Entry } from "../src/wire/entry.ts";
import { bodyOf, ScriptKit } from "./script-kit.ts";

const started = await ScriptKit.startOrSkip();

describe.skipIf(started === undefined)("ordering by the scripts", () => {
  const kit = started as ScriptKit;
  afterAll(async () => started?.close());

  test("the messages of a key are handed out one after the other, whoever asks; a failed one keeps its key", async () => {
    const { worker } = await kit.subscription("gate", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const body of ["a", "b", "c"]) await kit.add("gate", "k", body);
    await kit.add("gate", "other", "x");
    const taken = await kit.take(first);
    expect(taken.map(bodyOf)).toEqual(["a", "x"]);
    expect(await kit.take(second)).toEqual([]);

    expect(await kit.settle(first, "R", taken[0] as Entry, 50)).toBe(1);
    expect(await kit.take(second)).toEqual([]);
    await expect.poll(async () => (await second.tend(false)).dueMs === -1).toBe(true);
    const again = await kit.take(second);
    expect(again.map((entry) => [bodyOf(entry), entry.failed])).toEqual([["a", 1]]);
    expect(await kit.settle(second, "A", again[0] as Entry)).toBe("b");
    expect(await kit.take(first)).toEqual([]);
  });

  test("keys of any bytes are kept apart, and none is found in another", async () => {
    const { worker } = await kit.subscription("odd-keys", { ordered: true });
    const mine = worker();
    const keys = ["k", "k\u0000", "k\u00001", "\u0000k", "~", "k~", "K", "x".repeat(100_000)];
    for (const body of ["first", "second"]) for (const key of keys) await kit.add("odd-keys", key, `${body} ${key}`);
    const taken = await kit.take(mine, 100);
    expect(taken.map(bodyOf)).toEqual(keys.map((key) => `first ${key}`));
    for (const entry of taken)
      expect(await kit.settle(mine, "A", entry)).toBe(bodyOf(entry).replace("first", "second"));
  });

  test("when too many messages wait for their keys, no more are read, and those of free keys go on afterwards", async () => {
    const { worker } = await kit.subscription("crowded", { ordered: true });
    const mine = worker();
    for (let n = 0; n < 60; n += 1) await kit.add("crowded", "k", String(n));
    await kit.add("crowded", "free", "free");
    const taken = await kit.take(mine, 5, 40);
    expect(taken.map(bodyOf)).toEqual(["0"]);
    const waiting = Number(await kit.client.send("ZCARD", "{crowded}:mail:parked"));
    expect(waiting).toBeGreaterThanOrEqual(40);
    expect(waiting).toBeLessThan(60);
    expect(await kit.take(mine, 5, 40)).toEqual([]);
    expect(Number(await kit.client.send("ZCARD", "{crowded}:mail:parked"))).toBe(waiting);
  });

  test("when another client ends a message, its key goes on; a key whose message waits stays shut", async () => {
    const { worker } = await kit.subscription("foreign-ack", { ordered: true });
    const mine = worker();
    for (const key of ["k", "waits", "lies"])
      for (const body of ["a", "b"]) await kit.add("foreign-ack", key, key + body);
    const taken = await kit.take(mine);
    expect(taken.map(bodyOf)).toEqual(["ka", "waitsa", "liesa"]);
    await kit.settle(mine, "R", taken[1] as Entry, 3_600_000);
    await kit.settle(mine, "B", taken[2] as Entry);
    await kit.client.send("XACK", "foreign-ack", "mail", String(taken[0]?.place.slice(1)));
    await mine.tend(true);
    expect((await kit.take(mine)).map(bodyOf).toSorted()).toEqual(["kb", "liesa"]);
  });

  test("a key goes on at once when its message and the next one have expired: after a failure, and when the worker leaves", async () => {
    const { worker } = await kit.subscription("expired-keys", { ordered: true });
    for (const end of ["fails", "leaves"]) {
      const [first, second] = [worker(), worker()];
      const [a, b] = [await kit.add("expired-keys", end, `${end} a`), await kit.add("expired-keys", end, `${end} b`)];
      await kit.add("expired-keys", end, `${end} c`);
      const [taken] = (await kit.take(first)) as [Entry];
      expect(bodyOf(taken)).toBe(`${end} a`);
      await kit.client.send("XDEL", "expired-keys", a, b);
      await (end === "fails" ? kit.settle(first, "R", taken) : first.leave([taken.place]));
      const [next] = (await kit.take(second)) as [Entry];
      expect(bodyOf(next)).toBe(`${end} c`);
      await kit.settle(second, "A", next);
    }
  });

  test("a message whose workers die again and again becomes a dead letter, and its key goes on", async () => {
    const maxRetries = 0;
    const { worker, setup } = await kit.subscription("deadly", { ordered: true, maxRetries });
    const mine = worker();
    await kit.add("deadly", "k", "a");
    await kit.add("deadly", "k", "b");
    let deaths = 0;
    for (; Number(await kit.client.send("XLEN", setup.names.dead)) === 0; deaths += 1) {
      const taken = await kit.take(mine);
      expect(taken.map((entry) => [bodyOf(entry), entry.failed])).toEqual([["a", deaths]]);
      await kit.expire(setup.names.stream, mine);
      await kit.expire(setup.names.again, mine);
      await mine.tend(true);
    }
    expect(deaths).toBe(maxRetries + BACKSTOP_ATTEMPTS + 1);
    expect((await kit.take(mine)).map((entry) => [bodyOf(entry), entry.failed])).toEqual([["b", 0]]);
  });
});
