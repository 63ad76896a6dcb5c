import {
  connect,
  defineSubscription,
  defineTopic,
  type InboxStore,
  MemoryInbox,
  type PubSubEvent,
  VirtualClock,
} from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it } from "vitest";

import { openedBatch, recorder } from "./opened-batch-worker.ts";
import { opened as openedSchedule } from "./opened-schedule.ts";
import { Events, opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const { retryPolicy } = Sub;
const Filtered = defineSubscription(Events, "sub", { retryPolicy, filter: { kind: "a" }, maxConcurrency: 1 });
const FilteredLetters = defineSubscription(Events, "letters", { filter: { kind: "a" }, onExpired: "dead-letter" });

const withAttributes = (id: string, kind: string, expiresMs?: number) => ({
  id,
  attributes: { kind, ...(expiresMs === undefined ? {} : { "anytopic-expires": String(expiresMs) }) },
});

/** What the observer was told of deliveries, in short. */
const told = (events: readonly PubSubEvent[]): readonly string[] =>
  events.flatMap((event) => {
    if (!("attempt" in event)) return [];
    const reason = "reason" in event ? ` ${event.reason}` : "";
    return [`${event.id} ${event.type}${reason}`];
  });

describe("a filter and batches", () => {
  it("fill no place of a batch with what the filter holds back", async () => {
    const { calls, handler } = recorder();
    const { adapter, clock, events, worker } = await openedBatch(Filtered, handler, { maxMessages: 2, maxWaitMs: 50 });
    for (const [id, kind] of ["aa", "bb", "ca", "da"].map((text) => [text[0] ?? "", text[1] ?? ""] as const))
      adapter.deliver(withAttributes(id, kind));
    await turn();
    expect(calls).toEqual([["a", "c"]]);
    expect(told(events).filter((text) => text.includes("skipped"))).toEqual(["b skipped filter"]);
    await clock.advance(50);
    expect(calls).toEqual([["a", "c"], ["d"]]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });
});

describe("a filter and a message that cannot be read", () => {
  it("do not judge it by the attributes that could be read: it is a dead letter, as without a filter", async () => {
    const { adapter, events } = await opened(Filtered, () => {});
    adapter.deliver({ id: "odd", attributes: { kind: "b" }, undecodable: new Error("its headers are damaged") });
    await expect.poll(() => adapter.letters.map(({ id }) => id)).toEqual(["odd"]);
    expect(told(events)).not.toContain("odd skipped filter");
  });
});

describe("a filter and expiry", () => {
  it.each([Filtered, FilteredLetters])(
    "skip an expired message that the filter holds back by the filter, without a letter (%#)",
    async (sub) => {
      const { adapter, clock, events } = await opened(sub, () => {});
      adapter.deliver(withAttributes("held", "b", clock.now() - 1));
      await turn();
      expect(told(events)).toEqual(["held skipped filter"]);
      expect(adapter.letters).toEqual([]);
      expect(adapter.settles).toMatchObject([{ id: "held", how: "ack" }]);
    },
  );

  it("apply expiry to what the filter lets pass", async () => {
    const { adapter, clock, events } = await opened(FilteredLetters, () => {});
    adapter.deliver(withAttributes("late", "a", clock.now() - 1));
    await turn();
    expect(told(events)).toEqual(["late dead-letter expired"]);
    expect(adapter.letters).toHaveLength(1);
  });
});

describe("expiry after an attempt has begun", () => {
  it("tells the observer `deliver` first, and `skipped` at the end", async () => {
    const adapter = new ScriptedAdapter({ exactlyOnce: "inbox" });
    const clock = new VirtualClock();
    const events: PubSubEvent[] = [];
    const Once = defineTopic<object>("once", { deliveryGuarantee: "exactly-once" });
    const inbox = new MemoryInbox({ clock });
    const claimed = Promise.withResolvers<void>();
    const slow: InboxStore = {
      claim: async (...claim) => {
        await claimed.promise;
        return await inbox.claim(...claim);
      },
      extend: (...claim) => inbox.extend(...claim),
      complete: (...claim) => inbox.complete(...claim),
      abandon: (...claim) => inbox.abandon(...claim),
    };
    const pubsub = await connect(adapter, { clock, inbox: slow, observer: (event) => void events.push(event) });
    await pubsub.subscribe(defineSubscription(Once, "sub"), () => {
      throw new Error("a handler started");
    });
    adapter.deliver(withAttributes("late", "a", clock.now() + 50));
    await clock.advance(60);
    claimed.resolve();
    await expect.poll(() => told(events)).toEqual(["late deliver", "late skipped expired"]);
    await pubsub.close();
  });
});

describe("expiry and a delayed publish", () => {
  it.each(["drop", "dead-letter"] as const)(
    "that expires before it is due is published when due: %s",
    async (onExpired) => {
      const { pubsub, clock, events } = await onMemory();
      const Due = defineSubscription(Events, "due", { onExpired });
      await pubsub.subscribe(Due, () => {
        throw new Error("a handler started");
      });
      const expiresAt = new Date(clock.now() + 500);
      await pubsub.publish(Events, {}, { id: "m", expiresAt, delayMs: 1000 });
      await clock.advance(999);
      expect(told(events).filter((text) => !text.includes("publish"))).toEqual([]);
      await clock.advance(1);
      const expected = onExpired === "drop" ? "m skipped expired" : "m dead-letter expired";
      await expect.poll(() => told(events).at(-1)).toBe(expected);
      expect(await pubsub.deadLetters(Due).peek()).toHaveLength(onExpired === "drop" ? 0 : 1);
      await pubsub.close();
    },
  );

  it("keep the expiry in a schedule store", async () => {
    const { adapter, clock, pubsub } = await openedSchedule();
    const expiresAt = new Date(clock.now() + 500);
    await pubsub.publish(Events, {}, { expiresAt, deliverAt: new Date(clock.now() + 1000) });
    await clock.advance(1000);
    const [request] = adapter.requests;
    expect({ ...request?.attributes }).toEqual({ "anytopic-expires": String(expiresAt.getTime()) });
    request?.accept();
    await turn();
    await pubsub.close();
  });
});

async function onMemory() {
  const clock = new VirtualClock();
  const events: PubSubEvent[] = [];
  const pubsub = await connect(memory(), { clock, observer: (event) => void events.push(event) });
  return { pubsub, clock, events };
}
