import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ANSWER_BYTES, BACKSTOP_ATTEMPTS, MAX_PARKED } from "../src/limits.ts";
import type { WorkerScripts } from "../src/receive/worker-scripts.ts";
import { SETTLE } from "../src/scripts/settle.ts";
import { TAKE } from "../src/scripts/take.ts";
import { type RawEntry, readEntry, type Entry, type StreamTag } from "../src/wire/entry.ts";
import { type Opened, opened } from "./opened.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { addressOf, RedisServers } from "./redis-servers.ts";
import { scriptedWorkers } from "./worker-script-setup.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();

describe.skipIf(server === undefined)("scripts", () => {
  let one: Opened;
  let client: PlainClient;
  beforeAll(async () => {
    one = await opened({ servers: addressOf(server as never) });
    client = await plainClient(server?.url ?? "");
  });
  afterAll(async () => {
    await one[Symbol.asyncDispose]();
    await client.close();
    await servers.close();
  });

  async function add(stream: string, key: string, body: string): Promise<string> {
    return String(await client.send("XADD", stream, "*", "data", body, "anytopic-key", key));
  }

  async function take(worker: WorkerScripts, room = 10): Promise<readonly Entry[]> {
    const args = [String(room), String(MAX_PARKED), String(ANSWER_BYTES)];
    const [taken] = (await worker.run(TAKE, args)) as [readonly (readonly [Buffer, ...RawEntry])[]];
    return taken.map(([tag, id, fields]) => readEntry(tag.toString() as StreamTag, [id, fields]));
  }

  /** `A` ack, `R` failed, `B` released. Replies 0, 1 or the next message of the key. */
  async function settle(worker: WorkerScripts, what: string, entry: Entry, delayMs = 0): Promise<unknown> {
    const args = ["1", what, entry.place, String(delayMs), entry.keyBytes ?? ""];
    const [reply] = (await worker.run(SETTLE, args)) as [number | readonly [Buffer, ...RawEntry]];
    if (typeof reply === "number") return reply;
    return bodyOf(readEntry(reply[0].toString() as StreamTag, [reply[1], reply[2]]));
  }

  const bodyOf = (entry: Entry): string => Buffer.from(entry.body).toString();
  /** Lets the lease of everything that a worker holds expire now. */
  async function expire(stream: string, worker: WorkerScripts): Promise<void> {
    const pending = (await client.send("XPENDING", stream, "mail", "-", "+", "100", worker.consumer)) as [Buffer][];
    for (const [id] of pending)
      await client.send("XCLAIM", stream, "mail", worker.consumer, "0", id, "IDLE", "3600000", "JUSTID");
  }

  test("a message belongs to one worker: nobody else can settle it or renew its lease, and a former worker takes nothing back", async () => {
    const { worker } = await scriptedWorkers(one, "owner", { ordered: true });
    const [first, second] = [worker(), worker()];
    await add("owner", "k", "a");
    const [held] = (await take(first)) as [Entry];
    expect(await settle(second, "A", held)).toBe(0);
    expect(await second.extend([held.place])).toEqual([held.place]);
    expect(await first.extend([held.place])).toEqual([]);

    await expire("owner", first);
    await second.tend(true);
    const [again] = (await take(second)) as [Entry];
    expect([bodyOf(again), again.failed, again.originId]).toEqual(["a", 1, held.originId]);
    for (const what of ["A", "R", "B"]) expect(await settle(first, what, held)).toBe(0);
    expect(await first.extend([held.place])).toEqual([held.place]);
    expect(await second.extend([again.place])).toEqual([]);
    expect(await settle(second, "A", again)).toBe(1);
    expect(await settle(second, "A", again)).toBe(0);
  });

  test("an unexpired lease is left alone, and a renewed one lasts", async () => {
    const { worker } = await scriptedWorkers(one, "alive", { ackDeadlineMs: 60_000 });
    const mine = worker();
    await client.send("XADD", "alive", "*", "data", "a");
    await client.send("XREADGROUP", "GROUP", "mail", mine.consumer, "STREAMS", "alive", ">");
    await worker().tend(true);
    expect(((await client.send("XPENDING", "alive", "mail")) as [number])[0]).toBe(1);
    await expire("alive", mine);
    const [[id]] = (await client.send("XPENDING", "alive", "mail", "-", "+", "1")) as [[Buffer]];
    await mine.extend([`t${String(id)}`]);
    await worker().tend(true);
    expect(((await client.send("XPENDING", "alive", "mail")) as [number])[0]).toBe(1);
  });

  test("the messages of a key are handed out one after the other, whoever asks; a failed one keeps its key", async () => {
    const { worker } = await scriptedWorkers(one, "gate", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const body of ["a", "b", "c"]) await add("gate", "k", body);
    await add("gate", "other", "x");
    const taken = await take(first);
    expect(taken.map(bodyOf)).toEqual(["a", "x"]);
    expect(await take(second)).toEqual([]);

    expect(await settle(first, "R", taken[0] as Entry, 50)).toBe(1);
    expect(await take(second)).toEqual([]);
    await expect.poll(async () => (await second.tend(false)) === -1).toBe(true);
    const again = await take(second);
    expect(again.map((entry) => [bodyOf(entry), entry.failed])).toEqual([["a", 1]]);
    expect(await settle(second, "A", again[0] as Entry)).toBe("b");
    expect(await take(first)).toEqual([]);
  });

  test("a released message is redelivered to any worker, without a failure and before its successors", async () => {
    const { worker } = await scriptedWorkers(one, "released", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const body of ["a", "b"]) await add("released", "k", body);
    const [held] = (await take(first)) as [Entry];
    expect(await settle(first, "B", held)).toBe(1);
    const again = await take(second);
    expect(again.map((entry) => [bodyOf(entry), entry.failed])).toEqual([["a", 0]]);
    expect(await settle(second, "A", again[0] as Entry)).toBe("b");
  });

  test("what the server gave to a worker that never got it is redelivered without a failure; what it holds stays", async () => {
    const { worker } = await scriptedWorkers(one, "recovered", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const key of ["k1", "k2", "k3"]) await add("recovered", key, key);
    const taken = await take(first);
    await first.recover([(taken[0] as Entry).place]);
    expect((await take(second)).map((entry) => [bodyOf(entry), entry.failed])).toEqual([
      ["k2", 0],
      ["k3", 0],
    ]);
    expect(await settle(first, "A", taken[0] as Entry)).toBe(1);
    expect(await settle(first, "A", taken[1] as Entry)).toBe(0);
  });

  test("a worker that leaves gives everything back, and its consumer is deleted", async () => {
    const { worker } = await scriptedWorkers(one, "left", { ordered: true });
    const [first, second] = [worker(), worker()];
    for (const key of ["k1", "k2"]) await add("left", key, key);
    const [started, unstarted] = (await take(first)) as [Entry, Entry];
    await first.leave([started.place]);
    expect((await take(second)).map((entry) => [bodyOf(entry), entry.failed])).toEqual([
      ["k1", 1],
      ["k2", 0],
    ]);
    expect(await settle(first, "A", unstarted)).toBe(0);
    for (const stream of ["left", "{left}:mail:again"]) {
      const consumers = (await client.send("XINFO", "CONSUMERS", stream, "mail")) as Buffer[][];
      expect(consumers.map(([, name]) => String(name))).not.toContain(first.consumer);
    }
  });

  test("a message that was trimmed away while it was handled does not shut its key", async () => {
    const { worker } = await scriptedWorkers(one, "trimmed", { ordered: true, ackDeadlineMs: 1 });
    const [first, second] = [worker(), worker()];
    for (const body of ["a", "b", "c"]) await add("trimmed", "k", body);
    const [held] = (await take(first)) as [Entry];
    await client.send("XTRIM", "trimmed", "MAXLEN", "1");
    // Its worker dies: nobody can tell its key from an entry that is gone. The next one is gone too.
    let after: readonly Entry[] = [];
    await expect
      .poll(async () => {
        await second.tend(true);
        after = await take(second);
        return after.map(bodyOf);
      })
      .toEqual(["c"]);
    expect(await settle(first, "R", held)).toBe(0);
    expect(await settle(second, "A", after[0] as Entry)).toBe(1);
    expect(await client.send("HLEN", "{trimmed}:mail:busy")).toBe(0);
  });

  test("a message that was trimmed away is lost for its worker when that renews its lease, and its key goes on", async () => {
    const { worker } = await scriptedWorkers(one, "trimmed-3", { ordered: true });
    const first = worker();
    await add("trimmed-3", "k", "a");
    const [held] = (await take(first)) as [Entry];
    await add("trimmed-3", "k", "b");
    expect(await take(first)).toEqual([]);
    await client.send("XTRIM", "trimmed-3", "MAXLEN", "1");
    expect(await first.extend([held.place])).toEqual([held.place]);
    expect((await take(first)).map(bodyOf)).toEqual(["b"]);
  });

  test("when another client ends a message, its key goes on; a key whose message waits stays shut", async () => {
    const { worker } = await scriptedWorkers(one, "foreign-ack", { ordered: true });
    const mine = worker();
    for (const key of ["k", "waits", "lies"]) for (const body of ["a", "b"]) await add("foreign-ack", key, key + body);
    const taken = await take(mine);
    expect(taken.map(bodyOf)).toEqual(["ka", "waitsa", "liesa"]);
    await settle(mine, "R", taken[1] as Entry, 3_600_000);
    await settle(mine, "B", taken[2] as Entry);
    await client.send("XACK", "foreign-ack", "mail", String(taken[0]?.place.slice(1)));
    await mine.tend(true);
    expect((await take(mine)).map(bodyOf).toSorted()).toEqual(["kb", "liesa"]);
  });

  test("a message that was trimmed away while it was handled and fails is over, and its key goes on", async () => {
    const { worker } = await scriptedWorkers(one, "trimmed-2", { ordered: true });
    const first = worker();
    await add("trimmed-2", "k", "a");
    const [held] = (await take(first)) as [Entry];
    await client.send("XTRIM", "trimmed-2", "MAXLEN", "0");
    await add("trimmed-2", "k", "b");
    expect(await take(first)).toEqual([]);
    expect(await settle(first, "R", held, 1000)).toBe(1);
    expect((await take(first)).map(bodyOf)).toEqual(["b"]);
  });

  test("a message whose workers die again and again becomes a dead letter, and its key goes on", async () => {
    const maxRetries = 0;
    const { worker, setup } = await scriptedWorkers(one, "deadly", { ordered: true, maxRetries });
    const mine = worker();
    await add("deadly", "k", "a");
    await add("deadly", "k", "b");
    let deaths = 0;
    for (; Number(await client.send("XLEN", setup.names.dead)) === 0; deaths += 1) {
      const taken = await take(mine);
      expect(taken.map((entry) => [bodyOf(entry), entry.failed])).toEqual([["a", deaths]]);
      await expire(setup.names.stream, mine);
      await expire(setup.names.again, mine);
      await mine.tend(true);
    }
    expect(deaths).toBe(maxRetries + BACKSTOP_ATTEMPTS + 1);
    expect((await take(mine)).map((entry) => [bodyOf(entry), entry.failed])).toEqual([["b", 0]]);
  });

  test("an entry with more fields than Lua can pass at once keeps them all on every way", async () => {
    const { worker, setup } = await scriptedWorkers(one, "wide", { ordered: true });
    const mine = worker();
    const fields = Array.from({ length: 9000 }, (_, index) => [`n${index}`, Buffer.from([index % 256, 0xff])]).flat();
    await client.send("XADD", "wide", "*", ...fields.slice(0, 12_000), "anytopic-key", "k", ...fields.slice(12_000));
    await add("wide", "k", "next");
    let [held] = (await take(mine)) as [Entry];
    const whole = held.fields;
    expect(whole).toHaveLength(18_002);
    for (const [what, delayMs] of [
      ["R", 0],
      ["B", 0],
      ["R", 20],
    ] as const) {
      expect(await settle(mine, what, held, delayMs)).toBe(1);
      await expect.poll(async () => (await mine.tend(false)) === -1).toBe(true);
      const taken = await take(mine);
      expect(taken).toHaveLength(1);
      held = taken[0] as Entry;
      expect(held.fields.every((field, at) => field.equals(whole[at] as Buffer))).toBe(true);
      expect(held.keyBytes).toEqual(Buffer.from("k"));
    }
    expect(held.failed).toBe(2);
    expect(await settle(mine, "A", held)).toBe("next");
    expect(await client.send("XLEN", setup.names.again)).toBe(0);
  });

  test("keys of any bytes are kept apart, and none is found in another", async () => {
    const { worker } = await scriptedWorkers(one, "odd-keys", { ordered: true });
    const mine = worker();
    const keys = ["k", "k\u0000", "k\u00001", "\u0000k", "~", "k~", "K", "x".repeat(100_000)];
    for (const body of ["first", "second"]) for (const key of keys) await add("odd-keys", key, `${body} ${key}`);
    const taken = await take(mine, 100);
    expect(taken.map(bodyOf)).toEqual(keys.map((key) => `first ${key}`));
    for (const entry of taken) expect(await settle(mine, "A", entry)).toBe(bodyOf(entry).replace("first", "second"));
  });

  test("when too many messages wait for their keys, no more are read, and those of free keys go on afterwards", async () => {
    const { worker } = await scriptedWorkers(one, "crowded", { ordered: true });
    const mine = worker();
    for (let n = 0; n < 60; n += 1) await add("crowded", "k", String(n));
    await add("crowded", "free", "free");
    const few = async (): Promise<readonly Entry[]> => {
      const reply = (await mine.run(TAKE, ["5", "40", String(ANSWER_BYTES)])) as [[Buffer, ...RawEntry][]];
      return reply[0].map(([tag, id, fields]) => readEntry(tag.toString() as StreamTag, [id, fields]));
    };
    const taken = await few();
    expect(taken.map(bodyOf)).toEqual(["0"]);
    const waiting = Number(await client.send("ZCARD", "{crowded}:mail:parked"));
    expect(waiting).toBeGreaterThanOrEqual(40);
    expect(waiting).toBeLessThan(60);
    expect(await few()).toEqual([]);
    expect(Number(await client.send("ZCARD", "{crowded}:mail:parked"))).toBe(waiting);
  });

  test("trimming never takes what some group has not ended, and takes the rest", async () => {
    const { worker, setup } = await scriptedWorkers(one, "trim");
    const mine = worker();
    await client.send("XGROUP", "CREATE", "trim", "slow", "$");
    const ids: string[] = [];
    for (let n = 0; n < 1000; n += 1) ids.push(String(await client.send("XADD", "trim", "*", "data", String(n))));
    await client.send("XREADGROUP", "GROUP", "mail", mine.consumer, "COUNT", "1000", "STREAMS", "trim", ">");
    await client.send("XACK", "trim", "mail", ...ids);
    await mine.trim();
    expect(await client.send("XLEN", "trim")).toBe(1000);

    await client.send("XREADGROUP", "GROUP", "slow", "s", "COUNT", "600", "STREAMS", "trim", ">");
    await client.send("XACK", "trim", "slow", ...ids.slice(0, 300), ...ids.slice(301, 600));
    await mine.trim();
    const left = (await client.send("XRANGE", "trim", "-", "+")) as [Buffer][];
    const first = ids.indexOf(String(left[0]?.[0]));
    // In whole nodes of the stream, of at most 100 entries.
    expect(first).toBeGreaterThan(200);
    expect(first).toBeLessThanOrEqual(300);
    expect(left).toHaveLength(1000 - first);

    await client.send("XACK", "trim", "slow", ids[300] ?? "");
    await mine.trim();
    expect(Number(await client.send("XLEN", "trim"))).toBeLessThanOrEqual(500);
    expect(Number(await client.send("XLEN", "trim"))).toBeGreaterThanOrEqual(400);
    expect(setup.names.stream).toBe("trim");
  });

  test("what is older than the topic's retention is deleted, whoever has not read it", async () => {
    const { worker } = await scriptedWorkers(one, "old");
    const old = Date.now() - 86_400_000 - 60_000;
    for (let n = 0; n < 5; n += 1) await client.send("XADD", "old", `${old + n}-0`, "data", "x");
    await client.send("XADD", "old", "*", "data", "new");
    await worker().trim();
    expect(await client.send("XLEN", "old")).toBe(1);
  });
});
