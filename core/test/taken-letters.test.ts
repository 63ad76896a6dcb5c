import { VirtualClock } from "@anytopic/core";
import type { DriverDeadLetters, StoredMessage, TakenLetter } from "@anytopic/core/driver";
import { expect, test } from "vitest";

import { peekLetters } from "../src/dead-letters/scanned-letters.ts";
import { purgeLetters, takeLetters } from "../src/dead-letters/taken-letters.ts";

interface Letters extends DriverDeadLetters {
  readonly queue: StoredMessage[];
  readonly waits: number[];
}

/** A driver that only takes. `answers` says how many letters each take gives; later ones give what there is. */
function lettersOf(ids: readonly string[], answers: number[] = [], failing = ""): Letters {
  const queue = ids.map((id, index): StoredMessage => {
    const common = { body: Buffer.alloc(0), attributes: {}, orderingKey: undefined, native: undefined };
    return { ...common, id, publishTimeMs: ids.length - index };
  });
  const waits: number[] = [];
  return {
    queue,
    waits,
    store: async () => {},
    count: async () => queue.length,
    redeliver: async () => {},
    async take(limit, waitMs) {
      waits.push(waitMs);
      return queue.splice(0, Math.min(limit, answers.shift() ?? limit)).map((letter): TakenLetter => ({
        ...letter,
        async remove() {
          if (letter.id === failing) throw new Error("not removed");
        },
        putBack: async () => void queue.push(letter),
      }));
    },
  };
}

/** What `work` gives, with the time that it waits for passing at once. */
async function passing<Value>(clock: VirtualClock, work: Promise<Value>): Promise<Value> {
  work.catch(() => {});
  for (let step = 0; step < 40; step += 1) await clock.advance(50);
  return await work;
}

test("a driver is asked again for a first letter, at once and then with pauses, for about a second", async () => {
  const clock = new VirtualClock();
  const late = lettersOf(["a"], [0, 0, 0]);
  expect((await passing(clock, takeLetters(late, 10, clock))).map(({ id }) => id)).toEqual(["a"]);
  expect(late.waits.slice(0, 2)).toEqual([0, 1000]);
  const none = lettersOf([]);
  expect(await passing(clock, takeLetters(none, 10, clock))).toEqual([]);
  expect(none.waits.length).toBeGreaterThan(4);
  expect(none.waits.length).toBeLessThan(8);
});

test("a driver that has waited by itself is not asked again", async () => {
  const clock = new VirtualClock();
  const none = lettersOf([]);
  const waiting = {
    ...none,
    async take(limit: number, waitMs: number) {
      if (waitMs > 0) await new Promise<void>((resolve) => clock.setTimer(resolve, waitMs));
      return await none.take(limit, waitMs);
    },
  };
  expect(await passing(clock, takeLetters(waiting, 10, clock))).toEqual([]);
  expect(none.waits).toEqual([0, 1000]);
});

test("a driver that knows that there is none is asked once", async () => {
  const none = lettersOf([]);
  expect(await takeLetters({ ...none, emptyIsCertain: true }, 10, new VirtualClock())).toEqual([]);
  expect(none.waits).toEqual([0]);
});

test("nobody is asked any more once the signal has aborted", async () => {
  const none = lettersOf([]);
  expect(await takeLetters(none, 10, new VirtualClock(), AbortSignal.abort())).toEqual([]);
  expect(none.waits).toEqual([0]);
});

test("a look takes letters, the oldest first, and puts them back", async () => {
  const letters = lettersOf(["c", "b", "a"], [1, 0, 2]);
  expect((await peekLetters(letters, 10)).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(letters.queue.map(({ id }) => id).toSorted()).toEqual(["a", "b", "c"]);
  expect(letters.waits).toEqual([0, 0, 1000, 0, 1000]);
  expect(await peekLetters(letters, 2)).toHaveLength(2);
  expect(letters.queue).toHaveLength(3);
});

test("what was taken for a look is put back when the broker fails meanwhile", async () => {
  const letters = lettersOf(["a", "b"], [1]);
  let takes = 0;
  const failing: DriverDeadLetters = {
    ...letters,
    async take(limit, waitMs) {
      if (takes++ > 0) throw new Error("the line is gone");
      return await letters.take(limit, waitMs);
    },
  };
  await expect(peekLetters(failing, 10)).rejects.toThrow("the line is gone");
  expect(letters.queue).toHaveLength(2);
});

test("a purge removes until there is none, and says how many there were", async () => {
  const clock = new VirtualClock();
  const letters = lettersOf(["a", "b", "c"], [2, 0]);
  expect(await passing(clock, purgeLetters(letters, clock))).toBe(3);
  expect(letters.queue).toEqual([]);
  expect(await purgeLetters({ ...letters, purge: async () => 7 }, clock)).toBe(7);
});

test("a purge fails when a letter could not be removed", async () => {
  const clock = new VirtualClock();
  await expect(purgeLetters(lettersOf(["a", "b"], [], "a"), clock)).rejects.toThrow("not removed");
});
