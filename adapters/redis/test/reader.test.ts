import { VirtualClock } from "@anytopic/core";
import { expect, test } from "vitest";
import type { Command, Dialled } from "../src/connection/dial.ts";
import { Reader } from "../src/connection/reader.ts";

const WAIT = ["XREAD", "BLOCK", "5000", "STREAMS", "events", "$"];

/** A reader whose server is the test. `unblocks` are the answers to `CLIENT UNBLOCK`. */
function readerOf(...unblocks: number[]) {
  const clock = new VirtualClock();
  const sent: Command[] = [];
  const asked: Command[] = [];
  let answer: (reply: unknown) => void = () => {};
  const dialled = {
    hello: { id: 7 },
    client: {
      sendCommand(parts: Command) {
        sent.push(parts);
        return new Promise((resolve) => (answer = resolve));
      },
    },
    end: () => {},
  };
  const reader = new Reader(dialled as unknown as Dialled, clock, async (parts) => {
    asked.push(parts);
    const unblocked = unblocks.shift();
    if (unblocked === undefined) throw new Error("NOPERM");
    if (unblocked === 1) answer(null);
    return unblocked;
  });
  return { reader, clock, sent, asked, answer: (reply: unknown) => answer(reply) };
}

test("a read that reaches the server after the request to end it is asked to end again", async () => {
  const { reader, clock, asked } = readerOf(0, 0, 1);
  const read = reader.read(WAIT, 5000);
  reader.unblock();
  // Somebody else wants the same meanwhile.
  reader.unblock();
  expect(asked).toHaveLength(1);
  await clock.advance(100);
  expect(await read).toBe(null);
  expect(asked).toEqual(Array.from({ length: 3 }, () => ["CLIENT", "UNBLOCK", "7"]));
  reader.unblock();
  expect(asked).toHaveLength(3);
});

test("a read that has ended by itself is not asked to end", async () => {
  const { reader, clock, asked, answer } = readerOf(0, 0, 0);
  const read = reader.read(WAIT, 5000);
  reader.unblock();
  answer([]);
  expect(await read).toEqual([]);
  await clock.advance(1000);
  expect(asked).toHaveLength(1);
});

test("a server that forbids it is not asked again", async () => {
  const { reader, clock, asked, answer } = readerOf();
  const read = reader.read(WAIT, 5000);
  reader.unblock();
  await clock.advance(1000);
  answer(null);
  expect(await read).toBe(null);
  expect(asked).toHaveLength(1);
});

test("a worker that stops while it prepares a read does not wait for messages", async () => {
  const { reader, sent, asked } = readerOf();
  reader.stopWaiting();
  expect(await reader.read(WAIT, 5000)).toBe(null);
  expect(sent).toEqual([]);
  expect(asked).toEqual([]);
});
