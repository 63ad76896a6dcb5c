import { type Clock, silentLogger, systemClock, type DeadLetter, VirtualClock } from "@anytopic/core";
import type { DriverDeadLetters, OutgoingMessage, StoredMessage, TakenLetter } from "@anytopic/core/driver";
import { describe, expect, it } from "vitest";

import { createDeadLetterQueue } from "../src/dead-letters/dead-letter-queue.ts";
import { letterOf } from "../src/dead-letters/dead-letter-record.ts";
import { capabilities } from "./scripted-adapter.ts";

function letter(
  id: string,
  { key, body = "{}", lastFailureMs = 5 }: { key?: string; body?: string; lastFailureMs?: number } = {},
): StoredMessage {
  const native = undefined;
  const message = { id, body: Buffer.from(body), attributes: {}, orderingKey: key, publishTimeMs: 1, native };
  const failure = { reason: "rejected", error: "no", attempts: 1, firstFailureMs: 5, lastFailureMs } as const;
  return { ...letterOf(message, { ...failure, subscription: "events/sub" }), native };
}

interface Entry {
  readonly stored: StoredMessage;
  readonly mark: string;
  taken: boolean;
}

/** How a broker behaves: where it begins to look for letters, and how many may be out. */
interface Behaviour {
  readonly startAt?: (size: number) => number;
  readonly maxOut?: number;
  /** Whether the broker numbers what is stored: a copy has another mark than its original. */
  readonly marks?: boolean;
  /** The leases of everything end after so many takes. */
  readonly leaseTakes?: number;
  readonly refuses?: (letter: OutgoingMessage) => boolean;
  readonly redelivered?: (message: OutgoingMessage) => StoredMessage | undefined;
  readonly clock?: Clock;
}

/** A dead-letter queue in which letters that are put back stand where they stood: in front. */
function queueOf(letters: readonly StoredMessage[], behaviour: Behaviour = {}) {
  const entries = new Set<Entry>();
  let marks = 0;
  const add = (stored: StoredMessage): unknown => entries.add({ stored, taken: false, mark: `number ${marks++}` });
  letters.forEach(add);
  let stores = 0;
  const redelivered: string[] = [];
  let takes = 0;
  let out = 0;
  let mostOut = 0;
  const free = (entry: Entry): void => {
    if (entry.taken) out -= 1;
    entry.taken = false;
  };
  const lend = (entry: Entry): TakenLetter => {
    entry.taken = true;
    out += 1;
    mostOut = Math.max(mostOut, out);
    const remove = async (): Promise<void> => {
      free(entry);
      entries.delete(entry);
    };
    const { stored } = entry;
    const mark = behaviour.marks === true ? entry.mark : undefined;
    return { ...stored, mark, remove, putBack: async () => free(entry) };
  };
  const driver: DriverDeadLetters = {
    async store(stored) {
      if (behaviour.refuses?.(stored) === true) throw new Error("refused");
      stores += 1;
      add({ ...stored, native: undefined });
    },
    count: async () => entries.size,
    async scan(limit, visit) {
      for (const { stored } of [...entries].slice(0, limit)) if (!visit(stored)) return;
    },
    emptyIsCertain: true,
    async take(limit) {
      takes += 1;
      if (behaviour.leaseTakes !== undefined && takes % behaviour.leaseTakes === 0) entries.forEach(free);
      const start = behaviour.startAt?.(entries.size) ?? 0;
      const most = Math.min(limit, (behaviour.maxOut ?? Number.POSITIVE_INFINITY) - out);
      const found: Entry[] = [];
      const look = (from: number): void => {
        let index = 0;
        for (const entry of entries) {
          if (found.length >= most) return;
          if (index >= from && !entry.taken && !found.includes(entry)) found.push(entry);
          index += 1;
        }
      };
      look(start);
      if (start > 0) look(0);
      return found.map(lend);
    },
    async redeliver(message) {
      redelivered.push(message.id);
      const again = behaviour.redelivered?.(message);
      if (again !== undefined) add(again);
    },
  };
  const queue = createDeadLetterQueue(async () => ({ letters: driver, capabilities }), {
    path: "events/sub",
    takes: () => undefined,
    clock: behaviour.clock ?? systemClock,
    logger: silentLogger,
  });
  return {
    queue,
    redelivered,
    ids: () => [...entries].map(({ stored }) => stored.id),
    taken: () => out,
    mostOut: () => mostOut,
    stores: () => stores,
  };
}

/** Many that do not match, then those that do. */
function manyThen(others: number, matching: number): StoredMessage[] {
  const left = Array.from({ length: others }, (_, index) => letter(`other-${index}`));
  return [...left, ...Array.from({ length: matching }, (_, index) => letter(`chosen-${index}`))];
}

const isChosen = ({ id }: DeadLetter): boolean => id.startsWith("chosen");

describe("a filtered pass over more letters than are held", () => {
  it("finds those behind them, and leaves the others, each once", async () => {
    const { queue, redelivered, ids, taken, mostOut } = queueOf(manyThen(12_000, 20));
    expect(await queue.redrive({ filter: isChosen })).toBe(20);
    expect(redelivered).toHaveLength(20);
    expect(ids()).toHaveLength(12_000);
    expect(new Set(ids()).size).toBe(12_000);
    expect(taken()).toBe(0);
    expect(mostOut()).toBeLessThanOrEqual(10_300);
  });

  it("purges those behind them", async () => {
    const { queue, ids } = queueOf(manyThen(12_000, 20));
    expect(await queue.purge({ filter: isChosen })).toBe(20);
    expect(ids().filter((id) => id.startsWith("chosen"))).toEqual([]);
    expect(ids()).toHaveLength(12_000);
  });

  it("asks about each letter once and moves it once, also where a copy has another mark than its original", async () => {
    const twin = { ...letter("twin"), publishTimeMs: 7 };
    const { queue, redelivered, ids, stores } = queueOf([...manyThen(12_000, 20), twin, twin], { marks: true });
    const asked: string[] = [];
    const filter = (one: DeadLetter): boolean => {
      asked.push(one.id);
      return isChosen(one) || one.id === "twin";
    };
    expect(await queue.redrive({ filter })).toBe(22);
    expect(redelivered).toHaveLength(22);
    expect(asked).toHaveLength(12_022);
    expect(ids()).toHaveLength(12_000);
    expect(new Set(ids()).size).toBe(12_000);
    expect(stores()).toBeLessThanOrEqual(2000);
  });

  it("goes on when leases end meanwhile, and what was held comes first again", async () => {
    const { queue, ids } = queueOf(manyThen(12_000, 20), { leaseTakes: 70 });
    expect(await queue.redrive({ filter: isChosen })).toBe(20);
    expect(new Set(ids()).size).toBe(12_000);
  });

  it("finds them in a queue without order", async () => {
    let seed = 1;
    const startAt = (size: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % size;
    };
    const { queue, ids } = queueOf(manyThen(11_000, 20), { startAt });
    expect(await queue.redrive({ filter: isChosen })).toBe(20);
    expect(new Set(ids()).size).toBe(11_000);
  });

  it("finds them where what was stored last comes first, so that moved letters are in front of those behind them", async () => {
    let moved = 0;
    const refuses = (): boolean => {
      moved += 1;
      return false;
    };
    const { queue, ids, taken } = queueOf(manyThen(12_000, 20), { refuses, startAt: (size) => size - moved });
    expect(await queue.redrive({ filter: isChosen })).toBe(20);
    expect(new Set(ids()).size).toBe(12_000);
    expect(taken()).toBe(0);
  });

  it("bounds the bytes that it holds, and keeps the order of each key among those it moves", async () => {
    const body = "x".repeat(1024 * 1024);
    const letters = Array.from({ length: 100 }, (_, index) =>
      letter(`other-${index}`, { key: `key-${index % 3}`, body }),
    );
    const { queue, ids, mostOut, stores } = queueOf([...letters, letter("chosen")]);
    expect(await queue.redrive({ filter: isChosen })).toBe(1);
    // 64 MiB are held, and the others are moved.
    expect(stores()).toBeGreaterThanOrEqual(36);
    expect(mostOut()).toBeLessThanOrEqual(101);
    for (const remainder of [0, 1, 2]) {
      const ofKey = ids()
        .map((id) => Number(id.slice(6)))
        .filter((number) => number % 3 === remainder && number >= 64);
      expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
    }
    expect(ids()).toHaveLength(100);
  });

  it("holds the few that cannot be stored again", async () => {
    const refuses = ({ id }: OutgoingMessage): boolean => id === "other-11000";
    const { queue, ids } = queueOf(manyThen(12_000, 20), { refuses });
    expect(await queue.redrive({ filter: isChosen })).toBe(20);
    expect(ids()).toHaveLength(12_000);
  });

  it("fails with what the broker said when nothing can be stored, and puts everything back", async () => {
    const { queue, ids, taken } = queueOf(manyThen(12_000, 20), { refuses: () => true });
    await expect(queue.redrive({ filter: isChosen })).rejects.toThrow("refused");
    expect(ids()).toHaveLength(12_020);
    expect(taken()).toBe(0);
  });

  it("says so when the broker gives no more while letters are in hand", async () => {
    const { queue, ids, taken } = queueOf(manyThen(5000, 20), { maxOut: 2000 });
    await expect(queue.redrive({ filter: isChosen })).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: expect.stringContaining("0 were done and 2000 of 5020 seen"),
    });
    expect(ids()).toHaveLength(5020);
    expect(taken()).toBe(0);
  });

  it("tells how many it has looked at", async () => {
    const { queue } = queueOf(manyThen(250, 1));
    const progress: [number, number][] = [];
    await queue.redrive({ filter: isChosen, onProgress: (done, seen) => progress.push([done, seen]) });
    expect(progress).toEqual([
      [0, 100],
      [0, 200],
      [1, 251],
    ]);
  });
});

describe("a pass while its letters fail again", () => {
  it("acts on each once, and ends", async () => {
    const hopeless = ({ id }: OutgoingMessage): StoredMessage => letter(id, { lastFailureMs: Date.now() });
    const { queue, ids } = queueOf(manyThen(0, 300), { redelivered: hopeless });
    expect(await queue.redrive()).toBe(300);
    expect(ids()).toHaveLength(300);
  });

  it("acts on each once when they fail again in the millisecond in which it began", async () => {
    const clock = new VirtualClock(5000);
    const redelivered = ({ id }: OutgoingMessage): StoredMessage => letter(id, { lastFailureMs: clock.now() });
    const { queue, ids } = queueOf(manyThen(0, 300), { redelivered, marks: true, clock });
    expect(await queue.redrive()).toBe(300);
    expect(ids()).toHaveLength(300);
  });

  it("ends although the broker itself gives up on messages all the time: such letters do not say since when they are there", async () => {
    const ofBroker = (id: string): StoredMessage => ({ ...letter(id), attributes: {} });
    let arrived = 0;
    const redelivered = (): StoredMessage => ofBroker(`new-${(arrived += 1)}`);
    const { queue, ids } = queueOf(
      Array.from({ length: 10 }, (_, index) => ofBroker(`old-${index}`)),
      { redelivered },
    );
    // Twice as many as there were, and a thousand.
    expect(await queue.redrive()).toBe(1020);
    expect(ids()).toHaveLength(10);
  });

  it("does not leave letters of a worker whose clock is ahead", async () => {
    const ahead = Array.from({ length: 300 }, (_, index) =>
      letter(`ahead-${index}`, { lastFailureMs: Date.now() + 300_000 }),
    );
    const { queue, ids } = queueOf(ahead);
    expect(await queue.redrive()).toBe(300);
    expect(ids()).toEqual([]);
  });

  it("leaves what arrives while it runs", async () => {
    let arrived = 0;
    const arrives = (): StoredMessage | undefined =>
      letter(`new-${(arrived += 1)}`, { lastFailureMs: Date.now() + 1000 });
    const { queue, ids } = queueOf(manyThen(0, 300), { redelivered: arrives });
    expect(await queue.redrive()).toBe(300);
    expect(ids()).toHaveLength(300);
  });
});
