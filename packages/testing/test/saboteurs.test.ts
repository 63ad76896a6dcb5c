// Are the kit's own tests sharp? Each saboteur breaks one promise of the kit, and the check that is named must notice it.
import { setTimeout as realPause } from "node:timers/promises";
import { defineSubscription, defineTopic, type StandardSchema } from "@anytopic/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { testPubSub } from "@anytopic/testing";
import { Activity } from "../src/time/activity.ts";
import { Life } from "../src/time/life.ts";

/** Real work takes so long, in ms: longer than a kit that does not wait needs to move a minute of virtual time, also on a busy machine. */
const WORK_MS = 500;

const slow: StandardSchema<number, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) => {
      await realPause(WORK_MS);
      return { value: value as number };
    },
  },
};
const Orders = defineTopic<number>("orders");
const Checked = defineTopic("checked", { schema: slow });
const policy = { ackDeadlineMs: 1000, maxHandlingMs: 1000, retryPolicy: { maxRetries: 2 } } as const;
const Ship = defineSubscription(Orders, "ship", policy);
const Check = defineSubscription(Checked, "check", policy);

/** Each resolves with whether its promise holds. */
const checks = {
  "a handler with real work has one attempt": async () => {
    await using kit = await testPubSub("check", { patienceMs: 10_000 });
    await kit.pubsub.subscribe(Ship, async () => await realPause(WORK_MS));
    await kit.pubsub.publish(Orders, 1);
    const ended = await kit.advance(60_000);
    return ended.map(({ attempt, outcome }) => `${attempt} ${outcome}`).join() === "1 acked";
  },
  "an asynchronous schema does not let time move": async () => {
    await using kit = await testPubSub("check", { patienceMs: 10_000 });
    await kit.pubsub.subscribe(Check, () => {});
    await kit.pubsub.publish(Checked, 1);
    const startMs = kit.now().getTime();
    await kit.runToQuiescence();
    return kit.now().getTime() === startMs;
  },
  "a publish under way does not let time move": async () => {
    await using kit = await testPubSub("check", { patienceMs: 10_000 });
    let published: Promise<unknown> | undefined;
    await kit.pubsub.subscribe(Ship, () => {
      published = kit.pubsub.publish(Checked, 1);
    });
    await kit.pubsub.publish(Orders, 1);
    await kit.deliver(Ship);
    const isPublished = kit.published(Checked).length === 1;
    await published;
    return isPublished;
  },
} as const;

const saboteurs: readonly (readonly [string, () => void, keyof typeof checks])[] = [
  [
    "settles before handlers have ended",
    () => vi.spyOn(Life.prototype, "rest").mockResolvedValue(),
    "a handler with real work has one attempt",
  ],
  [
    "counts no handlers",
    () => vi.spyOn(Activity.prototype, "isBusy").mockReturnValue(false),
    "a handler with real work has one attempt",
  ],
  [
    "counts handlers, but not what comes before them",
    () => vi.spyOn(Life.prototype, "places", "get").mockReturnValue(0),
    "an asynchronous schema does not let time move",
  ],
  [
    "counts no publishes",
    () => vi.spyOn(Activity.prototype, "publishes", "get").mockReturnValue([]),
    "a publish under way does not let time move",
  ],
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the kit", () => {
  it.for(Object.entries(checks))("passes: %s", async ([, check]) => {
    expect(await check()).toBe(true);
  });

  it.for(saboteurs)("that %s is caught", async ([, sabotage, name]) => {
    sabotage();
    expect(await checks[name]().catch(() => false)).toBe(false);
  });
});
