import { EventEmitter } from "node:events";
import { VirtualClock } from "@anytopic/core";
import type { Channel, ConsumeMessage } from "amqplib";
import { expect, test } from "vitest";
import { LetterReturns } from "../src/letters/letter-returns.ts";
import { LetterWindow } from "../src/letters/letter-window.ts";

/** A channel whose server sends what a test tells it to. Records what it is asked for, in order. */
class FakeChannel extends EventEmitter {
  readonly asked: string[] = [];
  /** Gives the consumer a letter, or tells it that it was ended. */
  send = (_letter: ConsumeMessage | null): void => {};
  cancelAnswer: Promise<unknown> = Promise.resolve();

  prefetch(count: number): Promise<void> {
    this.asked.push(`prefetch ${count}`);
    return Promise.resolve();
  }

  consume(queue: string, listener: (letter: ConsumeMessage | null) => void): Promise<{ consumerTag: string }> {
    this.asked.push(`consume ${queue}`);
    this.send = listener;
    return Promise.resolve({ consumerTag: "c" });
  }

  cancel(consumerTag: string): Promise<unknown> {
    this.asked.push(`cancel ${consumerTag}`);
    return this.cancelAnswer;
  }

  nack(letter: ConsumeMessage): void {
    this.asked.push(`nack ${letter.fields.deliveryTag}`);
  }
}

function letterOf(deliveryTag: number, bytes = 1): ConsumeMessage {
  return { content: Buffer.alloc(bytes), fields: { deliveryTag } } as unknown as ConsumeMessage;
}

interface Bench {
  readonly clock: VirtualClock;
  readonly fake: FakeChannel;
  readonly window: LetterWindow;
  readonly got: number[];
  /** Settles when the window is read. */
  readonly reading: Promise<string>;
}

function bench(wanted: number): Bench {
  const clock = new VirtualClock();
  const fake = new FakeChannel();
  const window = new LetterWindow(clock, fake as unknown as Channel);
  const got: number[] = [];
  const reading = window
    .read("q", wanted, ({ fields }) => void got.push(fields.deliveryTag))
    .then(
      () => "read",
      (error: { code?: string }) => String(error.code),
    );
  return { clock, fake, window, got, reading };
}

test("a window that has all it was asked for keeps its consumer until a letter is settled", async () => {
  const { fake, window, got, reading } = bench(2);
  fake.send(letterOf(1, 10));
  fake.send(letterOf(2, 7));
  expect(await reading).toBe("read");
  expect(got).toEqual([1, 2]);
  expect([window.count, window.lastTag, window.largestBytes]).toEqual([2, 2, 10]);
  expect(fake.asked).toEqual(["prefetch 2", "consume q"]);
  await Promise.all([window.cancel(), window.cancel()]);
  expect(fake.asked).toEqual(["prefetch 2", "consume q", "cancel c"]);
});

test("a letter too many is given back, and ends the consumer", async () => {
  const { fake, got, reading } = bench(1);
  fake.send(letterOf(1));
  await reading;
  fake.send(letterOf(2));
  expect(got).toEqual([1]);
  expect(fake.asked).toEqual(["prefetch 1", "consume q", "cancel c", "nack 2"]);
});

test("when others took what was promised, the window ends after a silence, with what arrives until the consumer has ended", async () => {
  const { clock, fake, window, got, reading } = bench(3);
  const cancelled = Promise.withResolvers<void>();
  fake.cancelAnswer = cancelled.promise;
  fake.send(letterOf(1));
  await clock.advance(400);
  fake.send(letterOf(2));
  await clock.advance(400);
  expect(fake.asked).not.toContain("cancel c");
  await clock.advance(600);
  expect(fake.asked).toContain("cancel c");
  fake.send(letterOf(3));
  cancelled.resolve();
  expect(await reading).toBe("read");
  expect(got).toEqual([1, 2, 3]);
  expect(window.count).toBe(3);
});

test("a letter that arrives after the end of its consumer is given back", async () => {
  const { clock, fake, got, reading } = bench(3);
  await clock.advance(1000);
  await reading;
  fake.send(letterOf(1));
  expect(got).toEqual([]);
  expect(fake.asked.at(-1)).toBe("nack 1");
});

test("a consumer that the server ends is not waited for", async () => {
  const { fake, window, reading } = bench(3);
  fake.send(letterOf(1));
  await Promise.resolve();
  fake.send(null);
  expect(await reading).toBe("read");
  await window.cancel();
  expect(fake.asked).not.toContain("cancel c");
});

test("a channel that ends, and a server that does not answer, end the window", async () => {
  const ended = bench(3);
  await new Promise((resolve) => setImmediate(resolve));
  ended.fake.emit("close");
  expect(await ended.reading).toBe("UNAVAILABLE");

  const silent = bench(3);
  silent.fake.cancelAnswer = new Promise(() => {});
  await silent.clock.advance(60_000);
  expect(await silent.reading).toBe("TIMEOUT");
  // Nobody knows of a letter that arrives now.
  silent.fake.send(letterOf(1));
  expect(silent.got).toEqual([]);
});

test("letters are put back in order, each after the end of its window, with one question for all", async () => {
  const fake = new FakeChannel();
  const channel = fake as unknown as Channel;
  const returns = new LetterReturns(channel, async () => fake.asked.push("question"));
  const window = { cancel: async () => fake.asked.push("cancel") } as unknown as LetterWindow;
  await Promise.all([1, 2, 3].map((tag) => returns.putBack(letterOf(tag), tag === 2 ? window : undefined)));
  expect(fake.asked).toEqual(["nack 1", "cancel", "nack 2", "nack 3", "question"]);
});

test("a letter that cannot be put back says so, and the next one is tried", async () => {
  const fake = new FakeChannel();
  let works = false;
  const processed = async (): Promise<void> => {
    if (!works) throw new RangeError("lost");
  };
  const returns = new LetterReturns(fake as unknown as Channel, processed);
  await expect(returns.putBack(letterOf(1), undefined)).rejects.toThrow("lost");
  works = true;
  await returns.putBack(letterOf(2), undefined);
});
