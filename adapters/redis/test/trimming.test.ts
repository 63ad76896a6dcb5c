import { afterAll, describe, expect, test } from "vitest";
import type { Entry } from "../src/wire/entry.ts";
import { bodyOf, ScriptKit } from "./script-kit.ts";

const started = await ScriptKit.startOrSkip();

describe.skipIf(started === undefined)("trimming", () => {
  const kit = started as ScriptKit;
  afterAll(async () => started?.close());

  test("trimming never takes what some group has not ended, and takes the rest", async () => {
    const { worker, setup } = await kit.subscription("trim");
    const mine = worker();
    await kit.client.send("XGROUP", "CREATE", "trim", "slow", "$");
    const ids: string[] = [];
    for (let n = 0; n < 1000; n += 1) ids.push(String(await kit.client.send("XADD", "trim", "*", "data", String(n))));
    await kit.client.send("XREADGROUP", "GROUP", "mail", mine.consumer, "COUNT", "1000", "STREAMS", "trim", ">");
    await kit.client.send("XACK", "trim", "mail", ...ids);
    await mine.trim();
    expect(await kit.client.send("XLEN", "trim")).toBe(1000);

    await kit.client.send("XREADGROUP", "GROUP", "slow", "s", "COUNT", "600", "STREAMS", "trim", ">");
    await kit.client.send("XACK", "trim", "slow", ...ids.slice(0, 300), ...ids.slice(301, 600));
    await mine.trim();
    const left = (await kit.client.send("XRANGE", "trim", "-", "+")) as [Buffer][];
    const first = ids.indexOf(String(left[0]?.[0]));
    // In whole nodes of the stream, of at most 100 entries.
    expect(first).toBeGreaterThan(200);
    expect(first).toBeLessThanOrEqual(300);
    expect(left).toHaveLength(1000 - first);

    await kit.client.send("XACK", "trim", "slow", ids[300] ?? "");
    await mine.trim();
    expect(Number(await kit.client.send("XLEN", "trim"))).toBeLessThanOrEqual(500);
    expect(Number(await kit.client.send("XLEN", "trim"))).toBeGreaterThanOrEqual(400);
    expect(setup.names.stream).toBe("trim");
  });

  test("one call trims all that is ended, however much that is", { timeout: 60_000 }, async () => {
    const { worker } = await kit.subscription("much");
    const lines = Array.from({ length: 30_000 }, async () => kit.client.send("XADD", "much", "*", "data", "x"));
    const last = String((await Promise.all(lines)).at(-1));
    await kit.client.send("XGROUP", "SETID", "much", "mail", last);
    await worker().trim();
    expect(Number(await kit.client.send("XLEN", "much"))).toBeLessThanOrEqual(100);
  });

  test("what is older than the topic's retention is deleted, whoever has not read it", async () => {
    const { worker } = await kit.subscription("old");
    const old = Date.now() - 86_400_000 - 60_000;
    for (let n = 0; n < 5; n += 1) await kit.client.send("XADD", "old", `${old + n}-0`, "data", "x");
    await kit.client.send("XADD", "old", "*", "data", "new");
    await worker().trim();
    expect(await kit.client.send("XLEN", "old")).toBe(1);
  });

  test("a message that was trimmed away while it was handled does not shut its key", async () => {
    const { worker } = await kit.subscription("trimmed", { ordered: true, ackDeadlineMs: 1 });
    const [first, second] = [worker(), worker()];
    for (const body of ["a", "b", "c"]) await kit.add("trimmed", "k", body);
    const [held] = (await kit.take(first)) as [Entry];
    await kit.client.send("XTRIM", "trimmed", "MAXLEN", "1");
    // Its worker dies: nobody can tell its key from an entry that is gone. The next one is gone too.
    let after: readonly Entry[] = [];
    await expect
      .poll(async () => {
        await second.tend(true);
        after = await kit.take(second);
        return after.map(bodyOf);
      })
      .toEqual(["c"]);
    expect(await kit.settle(first, "R", held)).toBe(0);
    expect(await kit.settle(second, "A", after[0] as Entry)).toBe(1);
    expect(await kit.client.send("HLEN", "{trimmed}:mail:busy")).toBe(0);
  });

  test("a message that was trimmed away is lost for its worker when that renews its lease, and its key goes on", async () => {
    const { worker } = await kit.subscription("trimmed-3", { ordered: true });
    const first = worker();
    await kit.add("trimmed-3", "k", "a");
    const [held] = (await kit.take(first)) as [Entry];
    await kit.add("trimmed-3", "k", "b");
    expect(await kit.take(first)).toEqual([]);
    await kit.client.send("XTRIM", "trimmed-3", "MAXLEN", "1");
    expect(await first.extend([held.place])).toEqual([held.place]);
    expect((await kit.take(first)).map(bodyOf)).toEqual(["b"]);
  });

  test("a message that was trimmed away while it was handled and fails is over, and its key goes on", async () => {
    const { worker } = await kit.subscription("trimmed-2", { ordered: true });
    const first = worker();
    await kit.add("trimmed-2", "k", "a");
    const [held] = (await kit.take(first)) as [Entry];
    await kit.client.send("XTRIM", "trimmed-2", "MAXLEN", "0");
    await kit.add("trimmed-2", "k", "b");
    expect(await kit.take(first)).toEqual([]);
    expect(await kit.settle(first, "R", held, 1000)).toBe(1);
    expect((await kit.take(first)).map(bodyOf)).toEqual(["b"]);
  });
});
