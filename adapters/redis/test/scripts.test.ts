import { afterAll, describe, expect, test } from "vitest";
import type { Entry } from "../src/wire/entry.ts";
import { bodyOf, ScriptKit } from "./script-kit.ts";

const started = await ScriptKit.startOrSkip();

describe.skipIf(started === undefined)("scripts", () => {
  const kit = started as ScriptKit;
  afterAll(async () => started?.close());

  test("a message belongs to one worker: nobody else can settle it or renew its lease, and a former worker takes nothing back", async () => {
    const { worker } = await kit.subscription("owner", { ordered: true });
    const [first, second] = [worker(), worker()];
    await kit.add("owner", "k", "a");
    const [held] = (await kit.take(first)) as [Entry];
    expect(await kit.settle(second, "A", held)).toBe(0);
    expect(await second.extend([held.place])).toEqual([held.place]);
    expect(await first.extend([held.place])).toEqual([]);

    await kit.expire("owner", first);
    await second.tend(true);
    const [again] = (await kit.take(second)) as [Entry];
    expect([bodyOf(again), again.failed, again.originId]).toEqual(["a", 1, held.originId]);
    for (const what of ["A", "R", "B"]) expect(await kit.settle(first, what, held)).toBe(0);
    expect(await first.extend([held.place])).toEqual([held.place]);
    expect(await second.extend([again.place])).toEqual([]);
    expect(await kit.settle(second, "A", again)).toBe(1);
    expect(await kit.settle(second, "A", again)).toBe(0);
  });

  test("an unexpired lease is left alone, and a renewed one lasts", async () => {
    const { worker } = await kit.subscription("alive", { ackDeadlineMs: 60_000 });
    const mine = worker();
    await kit.client.send("XADD", "alive", "*", "data", "a");
    await kit.client.send("XREADGROUP", "GROUP", "mail", mine.consumer, "STREAMS", "alive", ">");
    await worker().tend(true);
    expect(((await kit.client.send("XPENDING", "alive", "mail")) as [number])[0]).toBe(1);
    await kit.expire("alive", mine);
    const [[id]] = (await kit.client.send("XPENDING", "alive", "mail", "-", "+", "1")) as [[Buffer]];
    await mine.extend([`t${String(id)}`]);
    await worker().tend(true);
    expect(((await kit.client.send("XPENDING", "alive", "mail")) as [number])[0]).toBe(1);
  });

  test("a released message is redelivered to any worker, without a failure and before its successors", async () => {
    const { worker } = await kit.subscription("released", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const body of ["a", "b"]) await kit.add("released", "k", body);
    const [held] = (await kit.take(first)) as [Entry];
    expect(await kit.settle(first, "B", held)).toBe(1);
    const again = await kit.take(second);
    expect(again.map((entry) => [bodyOf(entry), entry.failed])).toEqual([["a", 0]]);
    expect(await kit.settle(second, "A", again[0] as Entry)).toBe("b");
  });

  test("what the server gave to a worker that never got it is redelivered without a failure; what it holds stays", async () => {
    const { worker } = await kit.subscription("recovered", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const key of ["k1", "k2", "k3"]) await kit.add("recovered", key, key);
    const taken = await kit.take(first);
    await first.recover([(taken[0] as Entry).place]);
    expect((await kit.take(second)).map((entry) => [bodyOf(entry), entry.failed])).toEqual([
      ["k2", 0],
      ["k3", 0],
    ]);
    expect(await kit.settle(first, "A", taken[0] as Entry)).toBe(1);
    expect(await kit.settle(first, "A", taken[1] as Entry)).toBe(0);
  });

  test("a worker that leaves gives everything back, and its consumer is deleted", async () => {
    const { worker } = await kit.subscription("left", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const key of ["k1", "k2"]) await kit.add("left", key, key);
    const [started, unstarted] = (await kit.take(first)) as [Entry, Entry];
    await first.leave([started.place]);
    expect((await kit.take(second)).map((entry) => [bodyOf(entry), entry.failed])).toEqual([
      ["k1", 1],
      ["k2", 0],
    ]);
    expect(await kit.settle(first, "A", unstarted)).toBe(0);
    for (const stream of ["left", "{left}:mail:again"]) {
      const consumers = (await kit.client.send("XINFO", "CONSUMERS", stream, "mail")) as Buffer[][];
      expect(consumers.map(([, name]) => String(name))).not.toContain(first.consumer);
    }
  });

  test("an entry with more fields than Lua can pass at once keeps them all on every way", async () => {
    const { worker, setup } = await kit.subscription("wide", { ordered: true });
    const mine = worker();
    const fields = Array.from({ length: 9000 }, (_, index) => [`n${index}`, Buffer.from([index % 256, 0xff])]).flat();
    await kit.client.send(
      "XADD",
      "wide",
      "*",
      ...fields.slice(0, 12_000),
      "anytopic-key",
      "k",
      ...fields.slice(12_000),
    );
    await kit.add("wide", "k", "next");
    let [held] = (await kit.take(mine)) as [Entry];
    const whole = held.fields;
    expect(whole).toHaveLength(18_002);
    for (const [what, delayMs] of [
      ["R", 0],
      ["B", 0],
      ["R", 20],
    ] as const) {
      expect(await kit.settle(mine, what, held, delayMs)).toBe(1);
      await expect.poll(async () => (await mine.tend(false)).dueMs === -1).toBe(true);
      const taken = await kit.take(mine);
      expect(taken).toHaveLength(1);
      held = taken[0] as Entry;
      expect(held.fields.every((field, at) => field.equals(whole[at] as Buffer))).toBe(true);
      expect(held.content.keyBytes).toEqual(Buffer.from("k"));
    }
    expect(held.failed).toBe(2);
    expect(await kit.settle(mine, "A", held)).toBe("next");
    expect(await kit.client.send("XLEN", setup.names.again)).toBe(0);
  });
});
