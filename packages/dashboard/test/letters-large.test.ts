import { randomUUID } from "node:crypto";
import { startBrokerOrSkip } from "@anytopic/brokers";
import { type Adapter, connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { nats } from "@anytopic/nats";
import { describe, expect, test } from "vitest";

import type { LetterList } from "../src/api/letters.ts";
import { lettersApi } from "./letters-api.ts";

const LETTERS = 10_000;
const CHOSEN = 500;

describe.each(["memory", "nats"] as const)("10,000 dead letters on %s", async (kind) => {
  const broker = kind === "nats" ? await startBrokerOrSkip("nats") : undefined;

  test.skipIf(kind === "nats" && broker === undefined)(
    "are listed in bounded answers, and a group that is spread over all of them is redriven whole",
    { timeout: 300_000 },
    async () => {
      const adapter: Adapter = kind === "memory" ? memory() : nats({ servers: broker?.url ?? "" });
      const Orders = defineTopic<{ n: number; text: string }>(`letters-${randomUUID().slice(0, 8)}`);
      const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 }, maxConcurrency: 500 });
      await using pubsub = await connect(adapter, { declarations: [Mail] });
      const state = { repaired: false, handled: 0 };
      const worker = await pubsub.subscribe(Mail, ({ n }) => {
        if (!state.repaired)
          throw new Reject(n % (LETTERS / CHOSEN) === 0 ? `no account ${n}` : `timeout after ${n} ms`);
        state.handled += 1;
      });
      const text = "x".repeat(1000);
      await Promise.all(Array.from({ length: LETTERS }, (_, n) => pubsub.publish(Orders, { n, text })));
      const letters = pubsub.deadLetters(Mail);
      await expect.poll(() => letters.count(), { timeout: 120_000, interval: 200 }).toBe(LETTERS);

      const api = lettersApi(pubsub, Mail);
      const startMs = performance.now();
      const list = await api.list();
      const readMs = performance.now() - startMs;
      expect(list).toMatchObject({ read: LETTERS, total: null, found: LETTERS, pages: 200 });
      expect(list.groups.map(({ count }) => count)).toEqual([LETTERS - CHOSEN, CHOSEN]);
      const bytes = JSON.stringify(list).length;
      expect(bytes).toBeLessThan(100_000);
      const pageMs = await lasts(() => api.list({ page: "150", at: list.at }));
      const searchMs = await lasts(async () => {
        expect(await api.list({ text: '"n":9999,', at: list.at })).toMatchObject({ found: 1, at: list.at });
      });
      tell(
        `${kind}: read ${readMs.toFixed(0)} ms, ${bytes} bytes; page ${pageMs.toFixed(0)} ms, search ${searchMs.toFixed(0)} ms`,
      );

      state.repaired = true;
      const group = list.groups[1]?.key ?? "";
      const redriveMs = await lasts(async () => {
        expect(await api.act("redrive", { kind: "group", group })).toMatchObject({ state: "done", done: CHOSEN });
      });
      tell(`${kind}: redrive of ${CHOSEN} among ${LETTERS}: ${redriveMs.toFixed(0)} ms`);
      await expect.poll(() => state.handled, { timeout: 30_000 }).toBe(CHOSEN);
      await expect.poll(() => letters.count(), { timeout: 30_000 }).toBe(LETTERS - CHOSEN);
      const after = await api.get<LetterList>("letters/list");
      expect(after).toMatchObject({ read: LETTERS - CHOSEN, total: null });
      expect(after.groups).toHaveLength(1);
      await worker.close();
      await pubsub.destroy([Orders, Mail]);
      await broker?.close();
    },
  );
});

function tell(words: string): void {
  process.stdout.write(`${words}\n`);
}

async function lasts(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
