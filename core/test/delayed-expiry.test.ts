import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryScheduleStore,
  silentLogger,
  VirtualClock,
} from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";

const Events = defineTopic<{ n: number }>("events");
const All = defineSubscription(Events, "all");

test.each([["broker"], ["store"]])(
  "a message that expires while it waits in the %s reaches no handler",
  async (where) => {
    const clock = new VirtualClock();
    const right = memory();
    const adapter =
      where === "broker"
        ? right
        : { ...right, capabilities: Object.freeze({ ...right.capabilities, publishDelay: "store" as const }) };
    const schedule = new MemoryScheduleStore({ clock });
    await using pubsub = await connect(adapter, {
      clock,
      logger: silentLogger,
      ...(where === "store" ? { schedule } : {}),
    });
    const received: number[] = [];
    await pubsub.subscribe(All, ({ n }) => void received.push(n));
    const inMs = (ms: number): Date => new Date(clock.now() + ms);
    await pubsub.publish(Events, { n: 1 }, { delayMs: 1000, expiresAt: inMs(500) });
    await pubsub.publish(Events, { n: 2 }, { delayMs: 1000, expiresAt: inMs(60_000) });
    await pubsub.publish(Events, { n: 3 }, { deliverAt: inMs(1000) });
    await clock.advance(5000);
    expect(received.toSorted((one, other) => one - other)).toEqual([2, 3]);
    expect(await pubsub.scheduled(Events)).toEqual([]);
  },
);
