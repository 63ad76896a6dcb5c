import { observeOutbox } from "@anytopic/opentelemetry";
import { expect, test, vi } from "vitest";

import { Metrics } from "./metric-lines.ts";
import { relay } from "./relay.ts";

const PUBLISHED = "anytopic.outbox.published outbox=shop: ";
const UNKNOWN = ["held", "oldest.age", "parked", "waiting"].map((name) => `anytopic.outbox.${name} outbox=shop: NaN`);

function laterBy(elapsedMs: number): void {
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + elapsedMs);
}

test("shows what is in an outbox, counted at most every 15 s, until it is told to stop", async () => {
  const metrics = new Metrics();
  const { meterProvider } = metrics;
  const shop = relay();
  const stats = vi.spyOn(shop, "stats");
  const health = vi.spyOn(shop, "health");
  const stop = observeOutbox(shop, { outbox: "shop", meterProvider });
  expect(stats).toHaveBeenCalledTimes(0);
  await metrics.lines();
  health.mockReturnValue({ closing: false, published: 15 });
  expect(await metrics.lines()).toEqual([
    "anytopic.outbox.held outbox=shop: 1",
    "anytopic.outbox.oldest.age outbox=shop: 4.5",
    "anytopic.outbox.parked outbox=shop: 2",
    `${PUBLISHED}15`,
    "anytopic.outbox.waiting outbox=shop: 3",
  ]);
  expect(stats).toHaveBeenCalledTimes(1);
  laterBy(15_000);
  await metrics.lines();
  expect(stats).toHaveBeenCalledTimes(2);
  health.mockReturnValue({ closing: true, published: 20 });
  stop();
  expect(await metrics.lines()).toEqual([...UNKNOWN, `${PUBLISHED}20`].toSorted());
});

test("two relays of one outbox add up what they publish, and count the same rows", async () => {
  const metrics = new Metrics();
  const { meterProvider } = metrics;
  for (const one of [relay(), relay()]) observeOutbox(one, { outbox: "shop", meterProvider });
  const all = await metrics.lines();
  expect(all).toContain(`${PUBLISHED}24`);
  expect(all).toContain("anytopic.outbox.waiting outbox=shop: 3");
});

test("a database that is down gives no value and no error", async () => {
  const metrics = new Metrics();
  const { meterProvider } = metrics;
  const shop = relay();
  vi.spyOn(shop, "stats").mockRejectedValue(new Error("down"));
  observeOutbox(shop, { outbox: "shop", meterProvider });
  expect(await metrics.lines()).toEqual([`${PUBLISHED}12`]);
});

test("a database that does not answer holds up a reading for 2 s, and is not asked again", async () => {
  const metrics = new Metrics();
  const { meterProvider } = metrics;
  const shop = relay();
  const stats = vi.spyOn(shop, "stats").mockReturnValue(new Promise(() => {}));
  observeOutbox(shop, { outbox: "shop", meterProvider });
  expect(await metrics.lines()).toEqual([`${PUBLISHED}12`]);
  laterBy(15_000);
  expect(await metrics.lines()).toEqual([`${PUBLISHED}12`]);
  expect(stats).toHaveBeenCalledTimes(1);
});

test("a relay that is closing is not asked: its pool may be closed", async () => {
  const metrics = new Metrics();
  const { meterProvider } = metrics;
  const shop = relay();
  const stats = vi.spyOn(shop, "stats");
  vi.spyOn(shop, "health").mockReturnValue({ closing: true, published: 12 });
  observeOutbox(shop, { outbox: "shop", meterProvider });
  expect(await metrics.lines()).toEqual([`${PUBLISHED}12`]);
  expect(stats).toHaveBeenCalledTimes(0);
});

test.each([
  [{}, {}, "observeOutbox: relay must be what outbox.relay() returns"],
  [undefined, {}, "observeOutbox: relay must be"],
  [relay(), { name: "shop" }, 'observeOutbox: unknown option "name"; known are outbox, meterProvider'],
  [relay(), { outbox: "" }, "observeOutbox: outbox must be a name of 1 to 100 characters"],
  [relay(), { meterProvider: {} }, "observeOutbox: meterProvider must have the method getMeter"],
])("refuses %j with %j", (wrong, options, message) => {
  expect(() => observeOutbox(wrong as never, options as never)).toThrow(message);
  expect(() => observeOutbox(wrong as never, options as never)).toThrow(TypeError);
});
