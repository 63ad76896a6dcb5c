import { connect, defineSubscription, defineTopic, type PubSubEvent, type SubscriptionFilter } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { describe, expect, it, vi } from "vitest";
import { filterPredicate } from "../src/contract/filter.ts";
import { FILTER_LIMITS, filterRules } from "../src/declare/filter.ts";

const topic = defineTopic<{ n: number }>("orders");
const declare = (filter: unknown): SubscriptionFilter | undefined =>
  defineSubscription(topic, "sub", { filter: filter as SubscriptionFilter }).filter;
const matches = (filter: SubscriptionFilter, attributes: Record<string, string>): boolean =>
  filterPredicate(filterRules(filter))(Object.assign(Object.create(null) as Record<string, string>, attributes));

describe("a declared filter", () => {
  it("is a frozen copy, and plain data", () => {
    const given = { region: ["eu", { prefix: "us-" }], test: { exists: false }, tier: { not: ["free"] } };
    const filter = declare(given);
    expect(filter).toEqual(given);
    expect(JSON.parse(JSON.stringify(filter))).toEqual(given);
    given.region.push("late");
    expect(filter).toMatchObject({ region: ["eu", { prefix: "us-" }] });
    expect([filter, filter?.["region"], filter?.["test"], filter?.["tier"]].every(Object.isFrozen)).toBe(true);
  });

  it("is absent by default", () => {
    expect(declare(undefined)).toBeUndefined();
  });

  it.each([
    [{}, "filter is empty: must have at least one key"],
    [["eu"], "filter is an array: must be an object"],
    [null, "filter is null: must be an object"],
    [{ region: [] }, `"sub": filter: 'region' is an empty list`],
    [{ region: 3 }, "is a number: must be a text, { prefix:"],
    [{ region: {} }, "is no condition: must be"],
    [{ region: { suffix: "x" } }, "is no condition of this form (suffix)"],
    [{ region: { prefix: "a", exists: true } }, "is no condition of this form (exists, prefix)"],
    [{ region: { prefix: "" } }, "prefix is empty: use { exists: true }"],
    [{ region: { prefix: ["a"] } }, "prefix is an array: must be text"],
    [{ region: ["eu", 3] }, "has a number in its list"],
    [{ region: ["eu", ["us"]] }, "has an array in its list"],
    [{ region: ["eu", "eu"] }, "names a value twice"],
    [{ region: { exists: "yes" } }, "exists is text: must be true or false"],
    [{ region: { not: [] } }, "not is an empty list"],
    [{ region: { not: { prefix: "a" } } }, "not is an object: must be text"],
    [{ region: { not: "a", exists: false } }, "beside not, exists must be true"],
    [{ "": "eu" }, "must be well-formed text of 1 to 256 bytes"],
    [{ "Anytopic-id": "eu" }, 'keys that start with "anytopic" are reserved'],
    [{ region: "\uD800" }, "has a lone surrogate"],
    [{ region: "x".repeat(FILTER_LIMITS.valueBytes + 1) }, "is 1025 bytes long"],
    [Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`k${n}`, "v"])), "has 11 keys: at most 10"],
    [{ k: Array.from({ length: 101 }, (_, n) => `${n}`) }, "has 101 values: at most 100"],
  ])("refuses %j", (filter, message) => {
    expect(() => declare(filter)).toThrow(message);
  });

  it("shows no value in an error", () => {
    expect(() => declare({ region: ["secret", "secret"] })).toThrow(/^(?!.*secret)/);
  });
});

describe("matching", () => {
  it.each<[SubscriptionFilter, Record<string, string>, boolean]>([
    [{ a: "1" }, { a: "1" }, true],
    [{ a: "1" }, { a: "2" }, false],
    [{ a: "1" }, {}, false],
    [{ a: "1" }, { A: "1" }, false],
    [{ a: "é" }, { a: "e\u0301" }, false],
    [{ a: "" }, { a: "" }, true],
    [{ a: "" }, {}, false],
    [{ a: ["1", "2"] }, { a: "2" }, true],
    [{ a: ["1", { prefix: "x." }] }, { a: "x.y" }, true],
    [{ a: ["1", { prefix: "x." }] }, { a: "x" }, false],
    [{ a: { prefix: "😀" } }, { a: "😀!" }, true],
    [{ a: Array.from({ length: 20 }, (_, n) => `${n}`) }, { a: "19" }, true],
    [{ a: Array.from({ length: 20 }, (_, n) => `${n}`) }, { a: "20" }, false],
    [{ a: { exists: true } }, { a: "" }, true],
    [{ a: { exists: true } }, {}, false],
    [{ a: { exists: false } }, {}, true],
    [{ a: { exists: false } }, { a: "" }, false],
    [{ a: { not: "1" } }, { a: "1" }, false],
    [{ a: { not: "1" } }, { a: "2" }, true],
    [{ a: { not: "1" } }, {}, true],
    [{ a: { not: ["1", "2"], exists: true } }, {}, false],
    [{ a: { not: ["1", "2"], exists: true } }, { a: "3" }, true],
    [{ a: "1", b: "2" }, { a: "1" }, false],
    [{ a: "1", b: "2" }, { a: "1", b: "2", c: "3" }, true],
    [{ ["__proto__"]: "1" }, {}, false],
    [{ constructor: { exists: false } }, {}, true],
  ])("%j lets %j pass: %s", (filter, attributes, expected) => {
    expect(matches(filter, attributes)).toBe(expected);
  });

  it("finds an attribute named __proto__", () => {
    const attributes = Object.create(null) as Record<string, string>;
    attributes["__proto__"] = "1";
    expect(filterPredicate(filterRules({ ["__proto__"]: "1" }))(attributes)).toBe(true);
  });
});

describe("a worker with a filter", () => {
  it("acknowledges what does not pass, without an attempt", async () => {
    const events: PubSubEvent[] = [];
    await using pubsub = await connect(memory(), { observer: (event) => void events.push(event) });
    const subscription = defineSubscription(topic, "eu", { filter: { region: "eu" } });
    const seen: number[] = [];
    await pubsub.subscribe(subscription, ({ n }) => void seen.push(n));
    for (let n = 0; n < 4; n += 1) {
      await pubsub.publish(topic, { n }, { attributes: { region: n % 2 === 0 ? "eu" : "us" } });
    }
    await vi.waitFor(() => expect(events.filter(({ type }) => type === "skipped")).toHaveLength(2));
    expect(seen).toEqual([0, 2]);
    expect(events.find(({ type }) => type === "skipped")).toMatchObject({
      subscription: "eu",
      attempt: 1,
      reason: "filter",
    });
    expect(events.filter(({ type }) => type === "deliver")).toHaveLength(2);
    expect(await pubsub.stats(subscription)).toMatchObject({ waiting: 0, inFlight: 0, deadLetters: 0 });
  });

  it("skips ten thousand of one key in a row behind a handler that runs", async () => {
    const ordered = defineTopic<{ n: number }>("ordered", { orderingKey: () => "k" });
    const subscription = defineSubscription(ordered, "eu", { filter: { region: "eu" } });
    await using pubsub = await connect(memory());
    await pubsub.apply([subscription]);
    const send = (n: number, region: string): Promise<string> =>
      pubsub.publish(ordered, { n }, { attributes: { region } });
    const sent = [send(0, "eu")];
    for (let n = 1; n <= 10_000; n += 1) sent.push(send(n, "us"));
    sent.push(send(10_001, "eu"));
    await Promise.all(sent);
    const seen: number[] = [];
    await pubsub.subscribe(subscription, async ({ n }) => void (await Promise.resolve(), seen.push(n)));
    await vi.waitFor(() => expect(seen).toEqual([0, 10_001]), { timeout: 10_000 });
  });

  it("leaves letters that a changed filter does not let pass", async () => {
    const warn = vi.fn<(fields: object, message: string) => void>();
    const logger = { debug() {}, info() {}, warn, error() {} };
    await using pubsub = await connect(memory(), { logger });
    const retryPolicy = { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: 0 };
    const before = defineSubscription(topic, "eu", { retryPolicy });
    const after = defineSubscription(topic, "eu", { retryPolicy, filter: { region: "eu" } });
    const failing = await pubsub.subscribe(before, () => Promise.reject(new Error("no")));
    for (const region of ["eu", "us", "us"]) await pubsub.publish(topic, { n: 1 }, { attributes: { region } });
    await vi.waitFor(async () => expect(await pubsub.deadLetters(after).count()).toBe(3));
    await failing.close();

    const regions: (string | undefined)[] = [];
    await pubsub.subscribe(after, (_event, { attributes }) => void regions.push(attributes["region"]));
    expect(await pubsub.deadLetters(after).redrive()).toBe(1);
    expect(await pubsub.deadLetters(after).count()).toBe(2);
    expect(warn).toHaveBeenCalledWith(
      { subscription: "orders/eu", letters: 2 },
      expect.stringContaining("2 dead letters"),
    );

    let edits = 0;
    const edit = (): { attributes: { region: string } } => ({
      attributes: { region: (edits += 1) === 1 ? "eu" : "us" },
    });
    expect(await pubsub.deadLetters(after).redrive({ edit })).toBe(1);
    expect(edits).toBe(2);
    await vi.waitFor(() => expect(regions).toEqual(["eu", "eu"]));
    expect(await pubsub.deadLetters(after).count()).toBe(1);
  });

  it("takes the filter of the configuration", async () => {
    const subscription = defineSubscription(topic, "eu", { filter: { region: "eu" } });
    const config = {
      connections: { main: { url: "memory:" } },
      topics: { orders: { subscriptions: { eu: { filter: { region: ["us"] } } } } },
    };
    await using pubsub = await connect({ config });
    const seen: number[] = [];
    await pubsub.subscribe(subscription, ({ n }) => void seen.push(n));
    await pubsub.publish(topic, { n: 1 }, { attributes: { region: "eu" } });
    await pubsub.publish(topic, { n: 2 }, { attributes: { region: "us" } });
    await vi.waitFor(() => expect(seen).toEqual([2]));
    expect(await pubsub.filterPlaces(subscription)).toEqual([
      {
        connection: "main",
        filter: { region: ["us"] },
        appliedBy: "worker",
        reason: "the memory adapter leaves filters to the worker",
      },
    ]);
  });

  it("refuses a filter of the configuration, and shows no value of a variable", async () => {
    const filter = { region: ["${REGION}", "${REGION}"] };
    const config = {
      connections: { main: { url: "memory:" } },
      topics: { orders: { subscriptions: { eu: { filter } } } },
    };
    vi.stubEnv("REGION", "hidden");
    const failed = connect({ config });
    await expect(failed).rejects.toThrow("topics.orders.subscriptions.eu.filter");
    await expect(failed).rejects.toThrow(/^(?![^]*hidden)[^]*names a value twice/);
    vi.unstubAllEnvs();
  });
});
