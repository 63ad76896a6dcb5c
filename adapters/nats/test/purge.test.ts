import { expect, test } from "vitest";
import type { Connection } from "../src/connection.ts";
import { NatsDeadLetters } from "../src/dead-letters.ts";
import type { SubscriptionNames } from "../src/names.ts";

test("nothing of a purge goes on once it has failed", async () => {
  const asked: number[] = [];
  const streams = {
    info: async () => ({ state: { first_seq: 1, last_seq: 1000, deleted: [] } }),
    async deleteMessage(_stream: string, sequence: number): Promise<boolean> {
      asked.push(sequence);
      await new Promise((resolve) => setTimeout(resolve, sequence));
      if (sequence === 2) throw new Error("the line is gone");
      return true;
    },
  };
  const connection = { connected: true, jsm: { streams } } as unknown as Connection;
  const letters = new NatsDeadLetters(connection, {} as SubscriptionNames, undefined as never);
  await expect(letters.purge()).rejects.toThrow("the line is gone");
  const askedFor = asked.length;
  expect(askedFor).toBeLessThan(100);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked.length).toBe(askedFor);
});
