import { expect, test } from "vitest";
import type { Reader } from "../src/connection/reader.ts";
import { OrderedTaker } from "../src/ordering/ordered-taker.ts";
import type { WorkerScripts } from "../src/receive/worker-scripts.ts";
import type { WorkerSetup } from "../src/receive/worker-setup.ts";

const MESSAGE = [Buffer.from("t"), Buffer.from("3-0"), [Buffer.from("body"), Buffer.from("{}")]];

interface Answer {
  readonly taken?: readonly unknown[];
  readonly isFull?: number;
  readonly isMore?: number;
}

/** What a worker takes when the script answers so, and the reads by which it waits. */
async function take({ taken = [], isFull = 0, isMore = 0 }: Answer) {
  const reads: (readonly string[])[] = [];
  const reader = { blockMs: 1000, read: async (parts: readonly unknown[]) => void reads.push(parts.map(String)) };
  const scripts = { run: async () => [taken, Buffer.from("7-0"), Buffer.from("8-0"), isFull, isMore] };
  const setup = { names: { stream: "events", again: "again" } } as unknown as WorkerSetup;
  const taker = new OrderedTaker(setup, scripts as unknown as WorkerScripts);
  const entries = await taker.take(reader as unknown as Reader, 10);
  return { places: entries.map(({ place }) => place), reads };
}

test("messages that were taken are handed on at once", async () => {
  expect(await take({ taken: [MESSAGE] })).toEqual({ places: ["t3-0"], reads: [] });
  expect(await take({ taken: [MESSAGE], isMore: 1 })).toEqual({ places: ["t3-0"], reads: [] });
});

test("when there is none, a worker waits for what is newer than the script has seen; not when the script has not seen all", async () => {
  const wait = ["XREAD", "COUNT", "1", "BLOCK", "1000", "STREAMS"];
  expect((await take({})).reads).toEqual([[...wait, "again", "events", "8-0", "7-0"]]);
  expect((await take({ isMore: 1 })).reads).toEqual([]);
});

// It looks again soon: else 10,000 messages of a few keys would be handled in every 5 s, however fast the handlers are.
test("when too many wait for their keys, new messages of the topic wake nobody, and it does not wait for long", async () => {
  const wait = ["XREAD", "COUNT", "1", "BLOCK", "250", "STREAMS"];
  expect((await take({ isFull: 1 })).reads).toEqual([[...wait, "again", "8-0"]]);
});
