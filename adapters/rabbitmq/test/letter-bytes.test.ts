import { EventEmitter } from "node:events";
import { systemClock } from "@anytopic/core";
import type { Channel, ConsumeMessage, GetMessage } from "amqplib";
import { expect, test } from "vitest";
import { LetterReader } from "../src/letters/letter-reader.ts";
import { LETTER_WINDOW_BYTES, MAX_TAKE_BYTES, SCAN_WINDOW } from "../src/limits.ts";

/** A channel to a broker that has a letter of each of these sizes. Records how many letters it is asked for at once. */
class SizedChannel extends EventEmitter {
  readonly windows: number[] = [];
  readonly #sizes: number[];
  #tag = 0;
  #prefetch = 0;

  constructor(sizes: readonly number[]) {
    super();
    this.#sizes = [...sizes];
  }

  async get(): Promise<GetMessage | false> {
    return this.#sizes.length > 0 && this.#next();
  }

  async prefetch(count: number): Promise<void> {
    this.#prefetch = count;
    this.windows.push(count);
  }

  async consume(_queue: string, listener: (letter: ConsumeMessage) => void): Promise<{ consumerTag: string }> {
    for (let sent = 0; sent < this.#prefetch; sent += 1) listener(this.#next() as unknown as ConsumeMessage);
    return { consumerTag: "c" };
  }

  async cancel(): Promise<void> {}
  nack(): void {}

  #next(): GetMessage {
    const content = { byteLength: this.#sizes.shift() };
    const fields = { deliveryTag: (this.#tag += 1), messageCount: this.#sizes.length };
    return { content, fields, properties: {} } as unknown as GetMessage;
  }
}

function readerOf(channel: SizedChannel): LetterReader {
  return new LetterReader(systemClock, channel as unknown as Channel, "q", SCAN_WINDOW);
}

test("windows grow while the letters are small", async () => {
  const channel = new SizedChannel(Array.from({ length: 1000 }, () => 1000));
  expect(await readerOf(channel).show(Number.POSITIVE_INFINITY, () => true)).toBe(1000);
  expect(channel.windows).toEqual([30, 120, SCAN_WINDOW, SCAN_WINDOW, 45]);
});

test("so many large letters are asked for as fit, and more again behind them", async () => {
  const large = LETTER_WINDOW_BYTES / 2;
  const channel = new SizedChannel([...Array.from({ length: 4 }, () => large), ...Array.from({ length: 40 }, () => 1)]);
  expect(await readerOf(channel).show(Number.POSITIVE_INFINITY, () => true)).toBe(44);
  expect(channel.windows).toEqual([2, 2, 8, 28]);
});

test("no more than the bytes of a window are asked for when each letter is that large", async () => {
  const channel = new SizedChannel(Array.from({ length: 5 }, () => LETTER_WINDOW_BYTES + 1));
  expect(await readerOf(channel).show(Number.POSITIVE_INFINITY, () => true)).toBe(5);
  expect(channel.windows).toEqual([]);
});

test("what is taken at once is bounded in bytes", async () => {
  const bytes = MAX_TAKE_BYTES / 8;
  const channel = new SizedChannel(Array.from({ length: 100 }, () => bytes));
  const reader = readerOf(channel);
  const taken = await reader.collect(100);
  expect(taken.length).toBeGreaterThanOrEqual(8);
  expect(taken.length).toBeLessThan(12);
});
