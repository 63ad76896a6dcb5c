import { silentLogger, systemClock } from "@anytopic/core";
import type { DriverDeadLetters, StoredMessage, TakenLetter } from "@anytopic/core/driver";
import { describe, expect, it } from "vitest";

import { createDeadLetterQueue } from "../src/dead-letters/dead-letter-queue.ts";
import { letterOf } from "../src/dead-letters/dead-letter-record.ts";
import { capabilities } from "./scripted-adapter.ts";

function letter(id: string, publishTimeMs: number): StoredMessage {
  const native = undefined;
  const message = { id, body: Buffer.from("{}"), attributes: {}, orderingKey: undefined, publishTimeMs, native };
  const failure = { reason: "rejected", error: "no", attempts: 1, firstFailureMs: 5, lastFailureMs: 5 } as const;
  return { ...letterOf(message, { ...failure, subscription: "events/sub" }), native };
}

/** A dead-letter queue of these letters; what is taken is gone until it is put back. */
function queueOf(...stored: StoredMessage[]) {
  const redelivered: string[] = [];
  /** What the broker has done, in its order. */
  const done: string[] = [];
  let refused: string | undefined;
  let taking: Promise<void> | undefined;
  let takes = 0;
  const letters: DriverDeadLetters = {
    store: async () => {},
    count: async () => stored.length,
    scan: async (limit, visit) => void stored.slice(0, limit).every(visit),
    emptyIsCertain: true,
    take: async (max) => {
      takes += 1;
      await taking;
      return stored.splice(0, max).map((taken): TakenLetter => ({
        ...taken,
        remove: async () => void done.push(`removed ${taken.id}`),
        putBack: async () => void stored.push(taken),
      }));
    },
    redeliver: async ({ id }) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (id === refused) throw new Error("refused");
      redelivered.push(id);
      done.push(`stored ${id}`);
    },
  };
  const queue = createDeadLetterQueue(async () => ({ letters, capabilities }), {
    path: "events/sub",
    takes: () => undefined,
    clock: systemClock,
    logger: silentLogger,
  });
  return {
    queue,
    stored,
    redelivered,
    done,
    refuse: (id: string) => void (refused = id),
    takes: () => takes,
    delayTakes: (until: Promise<void>) => void (taking = until),
  };
}

describe("redrive", () => {
  it("puts back both letters of a message that was published twice with one id", async () => {
    const { queue, stored, redelivered } = queueOf(letter("same", 1), letter("same", 2));
    expect(await queue.redrive()).toBe(2);
    expect([stored, redelivered]).toEqual([[], ["same", "same"]]);
  });

  it("removes a letter only after the broker has stored its message", async () => {
    const { queue, done } = queueOf(letter("a", 1), letter("b", 2));
    await queue.redrive();
    expect(done).toEqual(["stored a", "removed a", "stored b", "removed b"]);
  });

  it("keeps a letter whose message the broker refuses, and those behind it", async () => {
    const { queue, stored, done, refuse } = queueOf(letter("a", 1), letter("b", 2), letter("c", 3));
    refuse("b");
    await expect(queue.redrive()).rejects.toThrow("refused");
    expect(stored.map(({ id }) => id)).toEqual(["b", "c"]);
    expect(done).toEqual(["stored a", "removed a"]);
  });

  it("keeps what is left when onProgress throws", async () => {
    const { queue, stored } = queueOf(letter("a", 1), letter("b", 1), letter("c", 1));
    const onProgress = (): never => {
      throw new Error("enough");
    };
    await expect(queue.redrive({ onProgress })).rejects.toThrow("enough");
    expect(stored.map(({ id }) => id)).toEqual(["b", "c"]);
  });

  it("ends at once when its signal aborts, and puts back what it is given afterwards", async () => {
    const { queue, stored, redelivered, takes, delayTakes } = queueOf(letter("a", 1));
    const { promise, resolve } = Promise.withResolvers<void>();
    delayTakes(promise);
    const abort = new AbortController();
    const redriven = queue.redrive({ signal: abort.signal });
    redriven.catch(() => {});
    await expect.poll(takes).toBe(1);
    abort.abort(new Error("enough"));
    await expect(redriven).rejects.toThrow("enough");
    resolve();
    await expect.poll(() => stored.map(({ id }) => id)).toEqual(["a"]);
    expect(redelivered).toEqual([]);
  });
});
