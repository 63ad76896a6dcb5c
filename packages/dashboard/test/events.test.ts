import { connect, defineSubscription, defineTopic, type PubSubEvent } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";

import type { ServiceSeen } from "../src/api/services.ts";
import { dashboard, dashboardEvents, type DashboardOptions } from "../src/index.ts";
import { readEvents } from "./event-reader.ts";

const signups = defineTopic("signups");
const welcome = defineSubscription(signups, "welcome", {
  retryPolicy: { minBackoffMs: 10, maxBackoffMs: 20, maxRetries: 1 },
});

const base = { declarations: [signups, welcome], authorize: () => ({ user: "test" }) };

function shown(options: Partial<DashboardOptions>) {
  const handle = dashboard({ ...base, pubsub: () => Promise.reject(new Error("not needed")), ...options });
  return { handle, get: async (path: string, init?: RequestInit) => await handle(requestOf(path, init)) };
}

function requestOf(path: string, init?: RequestInit): Request {
  return new Request(`http://127.0.0.1/api/${path}`, init);
}

function published(id: string, topic = "signups"): PubSubEvent {
  return { type: "published", topic, id, atMs: 1, durationMs: 2 };
}

test("shows what happens to one message, in order, from its publish to its redrive, without what it says", async () => {
  const events = dashboardEvents({ service: "shop" });
  await using pubsub = await connect(memory(), { declarations: [welcome], instrumentation: [events] });
  const { get } = shown({ events, pubsub });
  let isBroken = true;
  await pubsub.subscribe(welcome, () => {
    if (isBroken) throw new Error("no mail server");
  });
  const id = await pubsub.publish(signups, { secret: "hunter2" }, { attributes: { tenant: "acme" } });
  await pubsub.publish(signups, "another message");
  await using seen = readEvents(await get(`events?id=${id}`));
  const types = (): string[] => seen.events.map(({ type }) => type);

  await expect.poll(types).toEqual(["publish", "published", "deliver", "retry", "deliver", "dead-letter"]);
  isBroken = false;
  await pubsub.deadLetters(welcome).redrive({ filter: (letter) => letter.id === id });
  await expect.poll(() => types().slice(6)).toEqual(["redrive", "deliver", "ack"]);

  expect(seen.events.every((event) => event.service === "shop" && event.id === id)).toBe(true);
  const retry = seen.events.find(({ type }) => type === "retry");
  expect(retry).toMatchObject({
    attempt: 1,
    subscription: "welcome",
    error: { name: "Error", message: "no mail server" },
  });
  expect(retry?.delayMs).toBeGreaterThan(0);
  expect(JSON.stringify(seen.batches)).not.toMatch(/hunter2|acme/);
});

test("filters by type, topic, subscription and text", async () => {
  const events = dashboardEvents();
  const { get } = shown({ events });
  events.observe(published("a1"));
  events.observe(published("b2", "orders"));
  const delivery = { topic: "signups", subscription: "welcome", id: "c3", attempt: 1, atMs: 1 };
  events.observe({ ...delivery, type: "retry", delayMs: 5, durationMs: 1, error: new Error("Mail server is AWAY") });
  const ids = async (query: string): Promise<unknown> => {
    await using seen = readEvents(await get(`events?${query}`));
    await expect.poll(() => seen.batches.length).toBe(1);
    return seen.events.map(({ id }) => id);
  };
  expect(await ids("")).toEqual(["a1", "b2", "c3"]);
  expect(await ids("types=retry,ack")).toEqual(["c3"]);
  expect(await ids("topic=orders")).toEqual(["b2"]);
  expect(await ids("subscription=welcome")).toEqual(["c3"]);
  expect(await ids("text=mail server is away")).toEqual(["c3"]);
  expect(await ids("last=2")).toEqual(["b2", "c3"]);
  expect(await ids("last=1&topic=signups")).toEqual(["c3"]);
});

test.each([
  ["types=nonsense", "types has an unknown type; known are publish, "],
  ["last=-1", "last must be a whole number from 0 to 10000"],
  ["last=99999", "last must be a whole number from 0 to 10000"],
  ["after=7", "after is not the id of a message of this stream"],
  [`id=${"x".repeat(501)}`, "id has 501 characters; at most 500 are allowed"],
])("refuses %s", async (query, words) => {
  const response = await shown({}).get(`events?${query}`);
  expect(response.status).toBe(400);
  expect(JSON.stringify(await response.json())).toContain(words);
});

test("a visitor that comes back gets what it has missed, exactly once", async () => {
  const events = dashboardEvents();
  const { get } = shown({ events });
  events.observe(published("1"));
  const first = readEvents(await get("events"));
  await expect.poll(() => first.events.length).toBe(1);
  await first.stop();
  events.observe(published("2"));
  await using second = readEvents(await get("events", { headers: { "last-event-id": first.lastId } }));
  await expect.poll(() => second.events.map(({ id }) => id)).toEqual(["2"]);
  expect(second.batches[0]).toMatchObject({ missed: 0, restarted: false });
  events.observe(published("3"));
  await expect.poll(() => second.events.map(({ id }) => id)).toEqual(["2", "3"]);
});

test("a visitor that comes back too late, or after a restart of the dashboard, is told so", async () => {
  const events = dashboardEvents({ capacity: 100 });
  const { get } = shown({ events });
  const first = readEvents(await get("events"));
  await expect.poll(() => first.lastId).not.toBe("");
  await first.stop();
  for (let count = 0; count < 130; count += 1) events.observe(published(String(count)));
  await using second = readEvents(await get("events", { headers: { "last-event-id": first.lastId } }));
  await expect.poll(() => second.events.length).toBe(100);
  expect(second.batches[0]).toMatchObject({ missed: 30, restarted: false });

  await using third = readEvents(await shown({}).get(`events?after=${second.lastId}`));
  await expect.poll(() => third.batches[0]).toMatchObject({ missed: 0, restarted: true });
});

test("a visitor that does not read costs nothing, and is told how much it has missed", async () => {
  const events = dashboardEvents({ capacity: 1000 });
  const { get } = shown({ events });
  const response = await get("events");
  for (let count = 0; count < 50_000; count += 1) {
    events.observe(published(String(count)));
    if (count % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await using seen = readEvents(response);
  await expect.poll(() => seen.events.at(-1)?.id).toBe("49999");
  const missed = seen.batches.reduce((sum, batch) => sum + batch.missed, 0);
  expect(missed + seen.events.length).toBe(50_000);
  // One message may have been made before anything was read.
  expect(seen.events.length).toBeLessThanOrEqual(1501);
});

test("the stream ends when the dashboard closes", async () => {
  const { handle, get } = shown({});
  const seen = readEvents(await get("events"));
  await expect.poll(() => seen.batches.length).toBe(1);
  await handle.close();
  await seen.ended;
});

test("a long error does not stay in memory, and what throws when it is read does no harm", async () => {
  const events = dashboardEvents();
  const { get } = shown({ events });
  const bad = new Error("x");
  Object.defineProperty(bad, "message", {
    get: () => {
      throw new Error("a trap");
    },
  });
  const delivery = {
    topic: "signups",
    subscription: "welcome",
    id: "c3",
    attempt: 1,
    atMs: 1,
    delayMs: 5,
    durationMs: 1,
  };
  for (const error of [new Error("y".repeat(1_000_000)), bad, null, "text", { code: 1 }]) {
    events.observe({ ...delivery, type: "retry", error });
  }
  await using seen = readEvents(await get("events"));
  await expect.poll(() => seen.events.length).toBe(5);
  expect(seen.events[0]?.error?.message).toHaveLength(501);
  expect(seen.events[1]?.error).toEqual({ name: "unknown", message: "what was thrown cannot be shown" });
});

test("says which service publishes and handles what", async () => {
  const events = dashboardEvents({ service: "shop" });
  const { get } = shown({ events });
  events.observe(published("1"));
  events.observe({ type: "receiving", topic: "signups", subscription: "welcome", reconnected: false, atMs: 7 });
  const { services } = (await (await get("services")).json()) as { services: ServiceSeen[] };
  expect(services).toEqual([
    { service: "shop", publishes: ["signups"], handles: ["signups/welcome"], lastEventMs: 7, dropped: 0 },
  ]);
});

test("a listener gets each event until it is removed", () => {
  const events = dashboardEvents({ service: "shop" });
  const got: unknown[] = [];
  const stop = events.subscribe((event) => got.push(event));
  events.observe(published("1"));
  stop();
  events.observe(published("2"));
  expect(got).toEqual([{ ...published("1"), service: "shop" }]);
});

test("refuses wrong options", () => {
  expect(() => dashboardEvents({ capacity: 5 })).toThrow("capacity must be a whole number from 100 to 1000000");
  expect(() => dashboardEvents({ service: "" })).toThrow('such as "orders"');
  expect(() => dashboardEvents({ name: "x" } as object)).toThrow('unknown option "name"');
  expect(() => shown({ events: {} as never })).toThrow("events must be what dashboardEvents() returns");
  expect(() => shown({ ingest: { token: "short" } })).toThrow("ingest.token must be 16 to 200");
});
