import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  Reject,
  systemClock,
  VirtualClock,
} from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Overview, SubscriptionOverview } from "../src/api/overview.ts";
import { dashboard, type Dashboard, type DashboardOptions } from "../src/index.ts";
import { observed, read, shop } from "./shop.ts";

function opened(options: Omit<DashboardOptions, "authorize">): Dashboard {
  const handler = dashboard({ ...options, authorize: () => ({ user: "test" }) });
  onTestFinished(async () => await handler.close());
  return handler;
}

async function subscriptionOf(handler: Dashboard, name: string): Promise<SubscriptionOverview> {
  const { topics } = await read<Overview>(handler, "overview");
  const found = topics.flatMap(({ subscriptions }) => subscriptions).find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no subscription ${name}`);
  return found;
}

describe("the overview", () => {
  test("has the numbers of the broker, and says which are wrong", async () => {
    const { Orders, Mail, declarations } = shop();
    await using pubsub = await connect(memory(), { declarations });
    const handler = opened({ pubsub, declarations });
    await pubsub.subscribe(Mail, () => {
      throw new Reject("no address");
    });
    await pubsub.publish(Orders, { total: 1 });
    await expect.poll(async () => await pubsub.deadLetters(Mail).count()).toBe(1);
    await pubsub.publish(Orders, { total: 2 }, { attributes: { region: "eu" } });
    const { topics, known, observed, drift } = await read<Overview>(handler, "overview");
    expect(topics).toMatchObject([{ name: Orders.name, connections: ["default"], publishedPerMin: null }]);
    expect(topics[0]?.subscriptions).toMatchObject([
      { name: "mail", state: "warning", problems: [{ kind: "letters" }], workers: 1, inPerMin: null, outPerMin: null },
      {
        name: "stock",
        state: "good",
        problems: [],
        workers: 0,
        numbers: { waiting: 2, inFlight: 0, delayed: 0, deadLetters: 0 },
      },
    ]);
    expect(known["default"]?.waiting).toBe("exact");
    expect({ observed, drift: drift.count }).toEqual({ observed: false, drift: 0 });
  });

  test("asks the broker for all visitors together, and not again before it is time", async () => {
    const { declarations } = shop();
    await using pubsub = await connect(memory(), { declarations });
    const asked: string[] = [];
    const stats = pubsub.stats.bind(pubsub);
    pubsub.stats = async (subscription, options) => {
      asked.push(subscription.name);
      return await stats(subscription, options);
    };
    const time = new VirtualClock();
    const clock = { ...systemClock, monotonicNow: () => time.monotonicNow() };
    const handler = opened({ pubsub, declarations, clock, statisticsEveryMs: 5000 });
    await Promise.all(Array.from({ length: 10 }, async () => await read<Overview>(handler, "overview")));
    expect(asked.sort()).toEqual(["mail", "stock"]);
    await time.advance(4999);
    await read<Overview>(handler, "overview");
    expect(asked).toHaveLength(2);
    await time.advance(1);
    await read<Overview>(handler, "overview");
    expect(asked).toHaveLength(4);
  });

  test("asks at most eight at a time, and those that fail less and less often", async () => {
    const Topic = defineTopic("many");
    const declarations = Array.from({ length: 30 }, (_, index) => defineSubscription(Topic, `s-${index}`));
    await using pubsub = await connect(memory(), { declarations });
    let running = 0;
    let most = 0;
    const asked = new Map<string, number>();
    pubsub.stats = async ({ name }) => {
      asked.set(name, (asked.get(name) ?? 0) + 1);
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (name === "s-3") throw new PubSubError("PERMISSION_DENIED", "not allowed to look");
      return { waiting: 1, inFlight: undefined, delayed: undefined, oldestAgeMs: undefined, deadLetters: undefined };
    };
    const time = new VirtualClock();
    const clock = { ...systemClock, monotonicNow: () => time.monotonicNow() };
    const handler = opened({ pubsub, declarations: [Topic, ...declarations], clock, statisticsEveryMs: 10_000 });
    for (let round = 0; round < 9; round += 1) {
      await read<Overview>(handler, "overview");
      await time.advance(10_000);
    }
    expect(most).toBe(8);
    expect(asked.get("s-4")).toBe(9);
    // At 0, 10, 30 and 70 s; after that at most every 60 s.
    expect(asked.get("s-3")).toBe(4);
    const failed = await subscriptionOf(handler, "s-3");
    expect(failed).toMatchObject({
      error: { code: "PERMISSION_DENIED", message: expect.stringContaining("not allowed to look. See https://") },
      numbers: { waiting: null },
      problems: [
        {
          kind: "unreadable",
          text: expect.stringContaining("its numbers cannot be read: not allowed to look. See https://"),
        },
      ],
    });
  });

  test("opens without a broker, says why, and has it when it is there", async () => {
    const { declarations } = shop();
    await using real = await connect(memory(), { declarations });
    let isThere = false;
    const handler = opened({
      declarations,
      statisticsEveryMs: 1000,
      pubsub: async () => {
        if (isThere) return real;
        throw new PubSubError("UNAVAILABLE", "127.0.0.1:4222 does not answer");
      },
    });
    const overview = await read<Overview>(handler, "overview");
    expect(overview.unavailable).toEqual({
      code: "UNAVAILABLE",
      message: expect.stringContaining("127.0.0.1:4222 does not answer. See https://"),
    });
    expect(overview.topics[0]?.subscriptions[0]).toMatchObject({
      numbers: { waiting: null },
      state: "unknown",
      problems: [],
    });
    isThere = true;
    await expect.poll(async () => (await subscriptionOf(handler, "mail")).numbers.waiting).toBe(0);
  });

  test("knows rates, services and the wait from events, and no rate of what was never seen", async () => {
    const { Orders, Mail, declarations } = shop();
    const events = observed("checkout");
    await using pubsub = await connect(memory(), { declarations, observer: events.observe });
    const handler = opened({ pubsub, declarations, events });
    const before = await read<Overview>(handler, "overview");
    expect(before.topics[0]).toMatchObject({ publishedPerMin: null, services: [] });
    let handled = 0;
    await pubsub.subscribe(Mail, () => {
      handled += 1;
    });
    for (let total = 0; total < 5; total += 1) await pubsub.publish(Orders, { total });
    await expect.poll(() => handled).toBe(5);
    const { topics, observed: isObserved } = await read<Overview>(handler, "overview");
    const [topic] = topics;
    expect(isObserved).toBe(true);
    expect(topic).toMatchObject({
      services: ["checkout"],
      subscriptions: [{ services: ["checkout"] }, { services: [] }],
    });
    expect(topic?.publishedPerMin).toBeGreaterThan(4);
    expect(topic?.subscriptions[0]?.outPerMin).toBeGreaterThan(4);
    expect(topic?.subscriptions[0]?.inPerMin).toBe(topic?.publishedPerMin);
    // Nobody has seen a worker of it, and its filter takes only a part.
    expect(topic?.subscriptions[1]).toMatchObject({ outPerMin: null, inPerMin: null });
  });

  test("of 200 subscriptions is below 100 KB and 50 ms of CPU", async () => {
    const declarations = Array.from({ length: 20 }, (_, number) =>
      defineTopic(`a-topic-with-a-long-name-${number}`),
    ).flatMap((topic) => [
      topic,
      ...Array.from({ length: 10 }, (_, number) => defineSubscription(topic, `some-subscription-${number}`)),
    ]);
    const events = observed("a-service");
    await using pubsub = await connect(memory(), { declarations, observer: events.observe });
    const handler = opened({ pubsub, declarations, events, statisticsEveryMs: 1000 });
    await read<Overview>(handler, "overview");
    const usages: number[] = [];
    let bytes = 0;
    for (let round = 0; round < 5; round += 1) {
      const start = process.cpuUsage();
      const response = await handler(new Request("http://localhost/api/overview"));
      bytes = (await response.arrayBuffer()).byteLength;
      const { user, system } = process.cpuUsage(start);
      usages.push((user + system) / 1000);
    }
    process.stdout.write(
      `overview of 200 subscriptions: ${bytes} bytes, ${usages.map((ms) => ms.toFixed(1)).join(", ")} ms of CPU\n`,
    );
    expect(bytes).toBeLessThan(100_000);
    expect(Math.min(...usages)).toBeLessThan(50);
  });
});
