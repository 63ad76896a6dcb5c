import { connect, systemClock, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";
import type { Overview } from "../src/api/overview.ts";
import type { SubscriptionDetail } from "../src/api/subscription-detail.ts";
import type { WireEvent } from "../src/api/wire-event.ts";
import { dashboard } from "../src/index.ts";
import { read, shop } from "./shop.ts";

const MINUTE_MS = 60_000;

test("rates are those of the last minute, times those of 5 minutes, counts those of 15 minutes", async () => {
  const { Orders, declarations } = shop();
  await using pubsub = await connect(memory(), { declarations });
  const time = new VirtualClock();
  const listeners: ((event: WireEvent) => void)[] = [];
  const handler = dashboard({
    pubsub,
    declarations,
    clock: { ...systemClock, monotonicNow: () => time.monotonicNow() },
    authorize: () => ({ user: "test" }),
    events: {
      subscribe(listener) {
        listeners.push(listener);
        return () => {};
      },
    },
  });
  onTestFinished(async () => await handler.close());
  const tell = (event: Partial<WireEvent> & Pick<WireEvent, "type">): void => {
    for (const listener of listeners) listener({ topic: Orders.name, atMs: Date.now(), ...event });
  };
  const detail = async (): Promise<NonNullable<SubscriptionDetail["observed"]>> => {
    const { observed } = await read<SubscriptionDetail>(handler, `subscription?of=${Orders.name}/mail`);
    if (observed === null) throw new Error("nothing is observed");
    return observed;
  };
  await time.advance(20 * MINUTE_MS);
  // 120 a minute for a minute, each handled in 1 to 100 ms.
  for (let count = 0; count < 120; count += 1) {
    tell({ type: "published" });
    tell({ type: "deliver", subscription: "mail", attempt: 1, publishTimeMs: Date.now() - 5000 });
    tell({ type: "ack", subscription: "mail", attempt: 1, durationMs: (count % 100) + 1 });
    await time.advance(500);
  }
  // What is not declared is not counted, and harms nothing.
  tell({ type: "ack", subscription: "nobody", durationMs: 5 });
  tell({ type: "published", topic: "constructor" });

  const first = await detail();
  expect(first.publishedPerMin).toBeGreaterThan(100);
  expect(first.publishedPerMin).toBeLessThan(140);
  expect(first.counts).toMatchObject({ started: 120, acknowledged: 120, retried: 0 });
  expect(first.handlingMs?.p50).toBeGreaterThan(35);
  expect(first.handlingMs?.p50).toBeLessThan(55);
  expect(first.handlingMs?.p95).toBeGreaterThan(80);
  expect(first.handlingMs?.p95).toBeLessThan(110);
  expect(first.waitMs?.p50).toBeGreaterThan(4000);
  expect(first.waitMs?.p50).toBeLessThan(6000);

  await time.advance(2 * MINUTE_MS);
  expect(await detail()).toMatchObject({ publishedPerMin: 0, endedPerMin: 0, counts: { acknowledged: 120 } });
  await time.advance(4 * MINUTE_MS);
  expect(await detail()).toMatchObject({ handlingMs: null, waitMs: null, counts: { acknowledged: 120 } });
  await time.advance(10 * MINUTE_MS);
  expect(await detail()).toMatchObject({ counts: { started: 0, acknowledged: 0 } });
  // It was seen: 0 is true, and no dash.
  const { topics } = await read<Overview>(handler, "overview");
  expect(topics[0]).toMatchObject({ publishedPerMin: 0, subscriptions: [{ outPerMin: 0 }, { outPerMin: null }] });
});

test("counting costs little", async () => {
  const { Orders, declarations } = shop();
  await using pubsub = await connect(memory(), { declarations });
  const listeners: ((event: WireEvent) => void)[] = [];
  const events = {
    subscribe(listener: (event: WireEvent) => void) {
      listeners.push(listener);
      return () => {};
    },
  };
  const handler = dashboard({ pubsub, declarations, events, authorize: () => ({ user: "test" }) });
  onTestFinished(async () => await handler.close());
  const event: WireEvent = {
    type: "ack",
    topic: Orders.name,
    subscription: "mail",
    id: "a",
    attempt: 1,
    atMs: 1,
    durationMs: 3,
  };
  const start = process.cpuUsage();
  for (let count = 0; count < 200_000; count += 1) for (const listener of listeners) listener(event);
  const { user, system } = process.cpuUsage(start);
  process.stdout.write(`counting: ${((user + system) / 200_000).toFixed(2)} µs of CPU for each event\n`);
  const { observed } = await read<SubscriptionDetail>(handler, `subscription?of=${Orders.name}/mail`);
  expect(observed?.counts?.acknowledged).toBe(200_000);
});
