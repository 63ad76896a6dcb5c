import { VirtualClock } from "@anytopic/core";
import { metrics } from "@anytopic/metrics";
import { describe, expect, test, vi } from "vitest";
import { parsed } from "./parsed.ts";
import { relay as relayOfStory } from "./story.ts";

const WAITING = 'anytopic_outbox_waiting{outbox="default",messaging_destination_name="orders"}';
const PUBLISHED = 'anytopic_outbox_published_total{outbox="default"}';
const FAILED = 'anytopic_outbox_stats_failed_total{outbox="default"}';

function measured() {
  const clock = new VirtualClock();
  const relay = relayOfStory();
  const stats = vi.spyOn(relay, "stats");
  const health = vi.spyOn(relay, "health");
  const { text } = metrics({ clock });
  const scrape = async (): Promise<ReadonlyMap<string, number>> => parsed(await text({ relay }));
  return { clock, relay, stats, health, text, scrape };
}

describe("the rows of an outbox", () => {
  test("are counted only when somebody scrapes, at most every 15 s, and once for scrapes at the same time", async () => {
    const { clock, relay, stats, text, scrape } = measured();
    await clock.advance(60_000);
    expect(stats).toHaveBeenCalledTimes(0);
    const texts = await Promise.all(Array.from({ length: 20 }, () => text({ relay })));
    expect(new Set(texts).size).toBe(1);
    expect(stats).toHaveBeenCalledTimes(1);
    await clock.advance(14_999);
    expect((await scrape()).get(WAITING)).toBe(3);
    expect(stats).toHaveBeenCalledTimes(1);
    await clock.advance(1);
    await scrape();
    expect(stats).toHaveBeenCalledTimes(2);
  });

  test("are unknown after a failed request, which is counted", async () => {
    const { clock, stats, scrape } = measured();
    expect((await scrape()).get(FAILED)).toBe(0);
    stats.mockRejectedValue(new Error("the database is down"));
    await clock.advance(15_000);
    const samples = await scrape();
    expect([...samples]).toEqual([
      [PUBLISHED, 12],
      [FAILED, 1],
    ]);
  });

  test("a database that does not answer holds up a scrape for 2 s, and what it said before is shown until it is 60 s old", async () => {
    const { clock, stats, scrape } = measured();
    await scrape();
    stats.mockReturnValue(new Promise(() => {}));
    const scrapeAfter = async (elapsedMs: number): Promise<boolean> => {
      await clock.advance(elapsedMs);
      const samples = scrape();
      await clock.advance(2000);
      return (await samples).has(WAITING);
    };
    expect(await scrapeAfter(15_000)).toBe(true);
    expect(await scrapeAfter(15_000)).toBe(true);
    expect(await scrapeAfter(30_000)).toBe(false);
    expect(stats).toHaveBeenCalledTimes(2);
  });

  test("are not asked for when the relay is closing: its pool may be closed", async () => {
    const { clock, stats, health, scrape } = measured();
    const { promise, reject } = Promise.withResolvers<never>();
    stats.mockReturnValue(promise);
    const scraped = scrape();
    health.mockReturnValue({ closing: true, published: 12 });
    reject(new Error("the pool is closed"));
    await scraped;
    await clock.advance(15_000);
    expect([...(await scrape())]).toEqual([
      [PUBLISHED, 12],
      [FAILED, 0],
    ]);
    expect(stats).toHaveBeenCalledTimes(1);
  });
});

test("what was published never goes down, also when another relay takes the place of one, and relays add up", async () => {
  const { relay, health, text } = measured();
  const published = async (...relays: (typeof relay)[]): Promise<number | undefined> =>
    parsed(await text(...relays.map((each) => ({ relay: each })))).get(PUBLISHED);
  expect(await published(relay)).toBe(12);
  health.mockReturnValue({ closing: true, published: 15 });
  expect(await published(relay)).toBe(15);
  expect(await published(relayOfStory())).toBe(27);
  expect(await published(relay, relay)).toBe(27);
});

test("a name cannot write samples of its own", async () => {
  const { relay, text } = measured();
  const samples = parsed(await text({ relay, outbox: 'a"} 1\nanytopic_publishing 7\\' }));
  expect([...samples.keys()].filter((name) => name.startsWith("anytopic_publishing"))).toEqual([]);
  expect(samples.get(String.raw`anytopic_outbox_published_total{outbox="a\"} 1\nanytopic_publishing 7\\"}`)).toBe(12);
});
