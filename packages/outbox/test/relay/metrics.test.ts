import { PubSubError, systemClock, VirtualClock } from "@anytopic/core";
import { metrics } from "@anytopic/metrics";
import type { Relay } from "@anytopic/outbox";
import { expect, onTestFinished, test } from "vitest";
import { type DatabaseKind, isThere } from "./databases.ts";
import { findPostgres, startPrivatePostgres } from "./private-postgres.ts";
import { openStory, type Step, type Story } from "./story.ts";

const KINDS: readonly DatabaseKind[] = ["pg", "node:sqlite"];
const there = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await isThere(kind)] as const)));
const programs = findPostgres();

/** The numbers of the outbox in the text, by name. Each call is 15 s later than the one before: the rows are counted again. */
function scraped({ topic }: Story, relay: Relay): () => Promise<Readonly<Record<string, number>>> {
  const clock = new VirtualClock();
  const { text } = metrics({ clock: { ...systemClock, monotonicNow: () => clock.monotonicNow() } });
  return async () => {
    await clock.advance(15_000);
    const lines = (await text({ outbox: "shop", relay })).matchAll(/^anytopic_outbox_(\w+)\{(.*)\} (\S+)$/gm);
    return Object.fromEntries(
      [...lines].map(([, name = "", labels = "", value]) => {
        const ofTopic = `outbox="shop",messaging_destination_name="${topic.name}"`;
        expect(labels).toBe(name.endsWith("_total") ? 'outbox="shop"' : ofTopic);
        return [name, Number(value)];
      }),
    );
  };
}

const rejects = ({ key, number }: Step): PubSubError | undefined =>
  key === "a" && number === 1 ? new PubSubError("REJECTED", "no") : undefined;

test.for(KINDS.filter((kind) => there.get(kind)))("metrics show what is in an outbox on %s", async (kind) => {
  const story = await openStory(kind, rejects);
  await story.commit("a1", "a2", "a3", "b1");
  const relay = await story.relay({ pollMs: { busy: 10, idle: 20 } });
  const scrape = scraped(story, relay);
  // "a1" is parked, and two messages wait behind it.
  await expect.poll(scrape).toMatchObject({ waiting: 2, held: 1, parked: 1, published_total: 1 });
  const { oldest_age_seconds: age = 0 } = await scrape();
  await expect.poll(async () => (await scrape())["oldest_age_seconds"]).toBeGreaterThan(age);
  expect(age).toBeLessThan(60);
  await story.outbox.parked(story.database.pool).discard({ topic: story.topic });
  const empty = { waiting: 0, oldest_age_seconds: 0, held: 0, parked: 0 };
  await expect.poll(scrape).toEqual({ ...empty, published_total: 3, stats_failed_total: 0 });
  await relay.close();
  expect(await scrape()).toEqual({ published_total: 3, stats_failed_total: 0 });
});

test.skipIf(programs === undefined)(
  "metrics of a database that is down: no samples of its rows, and no error",
  { timeout: 60_000 },
  async () => {
    const server = await startPrivatePostgres(programs as string);
    onTestFinished(async () => await server.close());
    const story = await openStory("pg", () => undefined, server.url);
    const relay = await story.relay();
    const scrape = scraped(story, relay);
    await story.commit("a1");
    await expect.poll(scrape).toMatchObject({ waiting: 0, published_total: 1, stats_failed_total: 0 });
    await server.stop();
    await expect.poll(scrape).toEqual({ published_total: 1, stats_failed_total: expect.any(Number) });
    expect((await scrape())["stats_failed_total"]).toBeGreaterThan(0);
    await server.start();
    await expect.poll(scrape, { timeout: 30_000 }).toMatchObject({ waiting: 0, published_total: 1 });
  },
);
