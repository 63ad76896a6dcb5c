import { describe, expect, test } from "vitest";

import type { SeenEvent } from "../src/api/event-batch.ts";
import { type Dashboard, dashboard } from "../src/index.ts";
import { readEvents } from "./event-reader.ts";
import { open, published, servicesOf, token } from "./reported.ts";

async function eventsOf(handle: Dashboard): Promise<readonly SeenEvent[]> {
  const seen = readEvents(await handle(new Request("http://127.0.0.1/api/events")));
  await expect.poll(() => seen.batches.length).toBeGreaterThan(0);
  await seen.stop();
  return seen.events;
}

const report = { service: "orders", sender: "0123456789abcdef", first: 0, events: [published("1"), published("2")] };

async function send(handle: Dashboard, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await handle(
    new Request("http://127.0.0.1/api/ingest", {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
}

describe("what is taken", () => {
  test("a report counts once, also when its end comes again with more", async () => {
    const handle = open();
    expect(await (await send(handle, report)).json()).toEqual({ added: 2 });
    expect(await (await send(handle, report)).json()).toEqual({ added: 0 });
    const more = { ...report, first: 1, events: [published("2"), published("3")] };
    expect(await (await send(handle, more)).json()).toEqual({ added: 1 });
    const events = await eventsOf(handle);
    expect(events.map(({ id, service }) => `${service} ${id}`)).toEqual(["orders 1", "orders 2", "orders 3"]);
  });

  test("what a service had to drop is counted", async () => {
    const handle = open();
    await send(handle, report);
    await send(handle, { ...report, first: 12 });
    expect(await servicesOf(handle)).toMatchObject([{ service: "orders", dropped: 10 }]);
  });

  test("an event has only what is known, and its service is that of the report", async () => {
    const handle = open();
    const event = { ...published("1"), body: "secret", service: "somebody else", ["__proto__"]: { x: 1 } };
    await send(handle, { ...report, events: [event] });
    expect(await eventsOf(handle)).toEqual([{ ...published("1"), service: "orders", position: 0 }]);
  });

  test.each<[string, unknown]>([
    ["the body is not JSON", "{"],
    ["the body must be a JSON object", "[]"],
    ["service must be a text of 1 to 63", { ...report, service: "" }],
    ["service must be a text of 1 to 63", { ...report, service: "a\u202eb" }],
    ["sender must be 16 hexadecimal digits", { ...report, sender: "x" }],
    ["first must be a whole number", { ...report, first: -1 }],
    [
      "events must be a list of at most 2000",
      { ...report, events: Array.from({ length: 2001 }, () => published("1")) },
    ],
    ["events[1] must be an object", { ...report, events: [published("1"), "x"] }],
    ["events[0].type is not a type", { ...report, events: [{ ...published("1"), type: "toString" }] }],
    ["events[0].atMs must be a time", { ...report, events: [{ ...published("1"), atMs: 1e300 }] }],
    ["events[0].id must be a text of at most 300", { ...report, events: [published("x".repeat(301))] }],
    ["events[0].durationMs must be a number from 0", { ...report, events: [{ ...published("1"), durationMs: "1" }] }],
    ["events[0].error must be an object", { ...report, events: [{ ...published("1"), error: "text" }] }],
  ])("refused: %s", async (words, body) => {
    const handle = open();
    const response = await send(handle, body);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain(words);
    expect(await eventsOf(handle)).toEqual([]);
  });

  test("refused: a wrong token, a form of another page, and what is too large", async () => {
    const handle = open();
    expect((await send(handle, report, { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await send(handle, report, { authorization: "" })).status).toBe(401);
    expect((await send(handle, report, { "content-type": "text/plain" })).status).toBe(415);
    expect((await send(handle, " ".repeat(1024 * 1024 + 1))).status).toBe(413);
    expect(await eventsOf(handle)).toEqual([]);
  });

  test("nobody may report to a dashboard without a token", async () => {
    const handle = dashboard({
      pubsub: async () => await Promise.reject(new Error("no")),
      declarations: [],
      authorize: () => ({ user: "x" }),
    });
    expect((await send(handle, report)).status).toBe(404);
  });
});
