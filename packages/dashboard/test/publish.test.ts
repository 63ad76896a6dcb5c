import { connect, defineSubscription, defineTopic, type Logger, silentLogger } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";

import type { Permission } from "../src/index.ts";
import { dashboard } from "../src/index.ts";
import { ask } from "./ask.ts";

const signups = defineTopic("signups", {
  schema: z.object({ accountId: z.string().min(2), plan: z.enum(["free", "pro"]) }),
  orderingKey: ({ accountId }) => accountId,
  attributes: ({ plan }) => ({ plan }),
});
const notes = defineTopic("notes", { codec: "text" });
const files = defineTopic("files", { codec: "bytes" });
const dates = defineTopic("dates", { schema: z.object({ at: z.date() }) });
const declarations = [signups, notes, files, dates, defineSubscription(signups, "welcome")];

async function opened(can: readonly Permission[] = ["publish"], logger: Logger = silentLogger) {
  const pubsub = await connect(memory(), { declarations });
  const handle = dashboard({ pubsub, declarations, authorize: () => ({ user: "test", can }), logger });
  onTestFinished(async () => {
    await handle.close();
    await pubsub.close();
  });
  const post = async (path: string, body: unknown) => {
    const response = await ask(handle, "POST", `/api/${path}`, { body });
    return { status: response.status, answer: await response.json() };
  };
  const get = async (path: string): Promise<unknown> => await (await ask(handle, "GET", `/api/${path}`)).json();
  return { pubsub, post, get };
}

const event = { topic: "signups", form: "json", body: '{"accountId":"a1","plan":"pro"}' };

test("publishes what an application would: event, attributes, key, id and expiry", async () => {
  const { pubsub, post } = await opened();
  const got: unknown[] = [];
  await pubsub.subscribe(defineSubscription(signups, "welcome"), (value, { id, attributes, orderingKey }) => {
    got.push({ value, id, attributes: { ...attributes }, orderingKey });
  });
  const { status, answer } = await post("publish", {
    ...event,
    attributes: { tenant: "acme" },
    id: "my-id",
    expiresAt: "2099-01-01T00:00:00Z",
  });
  expect({ status, answer }).toEqual({ status: 200, answer: { id: "my-id" } });
  await expect
    .poll(() => got)
    .toEqual([
      {
        value: { accountId: "a1", plan: "pro" },
        id: "my-id",
        attributes: { plan: "pro", tenant: "acme" },
        orderingKey: "a1",
      },
    ]);
});

test("text and bytes arrive as they were written", async () => {
  const { pubsub, post } = await opened();
  const got: unknown[] = [];
  await pubsub.subscribe(defineSubscription(notes, "n"), (value) => void got.push(value));
  await pubsub.subscribe(
    defineSubscription(files, "f"),
    (value) => void got.push(Buffer.from(value as Uint8Array).toString("hex")),
  );
  await post("publish", { topic: "notes", form: "text", body: "ä\n\u202e" });
  await post("publish", { topic: "files", form: "hex", body: "00 ff\n0a" });
  await post("publish", { topic: "files", form: "text", body: "ä" });
  await expect.poll(() => got).toEqual(["ä\n\u202e", "00ff0a", "c3a4"]);
});

test("the timeline of what was published here has its publish, also where no service reports", async () => {
  const { post, get } = await opened();
  await post("publish", { ...event, id: "my-id" });
  expect(await get("search?q=my-id")).toMatchObject({
    messages: [{ id: "my-id", type: "published", topic: "signups", service: "dashboard", events: 1 }],
  });
});

test("a delayed message is not delivered before its time", async () => {
  const { pubsub, post } = await opened();
  await pubsub.subscribe(defineSubscription(notes, "n"), () => {});
  await post("publish", { topic: "notes", form: "text", body: "later", id: "later", delayMs: 3_600_000 });
  await post("publish", { topic: "notes", form: "text", body: "at", id: "at", deliverAt: "2026-12-24T18:00:00+01:00" });
  const waiting = await pubsub.scheduled(notes);
  expect(waiting.map(({ id }) => id).toSorted()).toEqual(["at", "later"]);
});

test("a check says what would be published, and publishes nothing", async () => {
  const { pubsub, post } = await opened();
  const { answer } = await post("publish-check", { ...event, expiresAt: "2099-01-01T00:00:00Z" });
  expect(answer).toEqual({ bytes: 31, orderingKey: "a1", attributes: { plan: "pro" } });
  expect((await pubsub.stats(defineSubscription(signups, "welcome"))).waiting).toBe(0);
});

test.each<[string, object, number, RegExp]>([
  ["an unknown topic", { topic: "nothing" }, 404, /no topic of this name/],
  ["a topic that is no name", { topic: 7 }, 400, /topic must be the name/],
  ["a form that the codec does not take", { form: "hex" }, 400, /form must be json for topic signups/],
  ["what is no JSON, with its place", { body: '{"a":\n  x}' }, 400, /not JSON at line 2, column 3/],
  ["nothing", { body: " " }, 400, /it is empty/],
  [
    "a number that JavaScript rounds",
    { body: '{"accountId":12345678901234567891}' },
    400,
    /12345678901234567891 is too long/,
  ],
  ["what does not match the schema", { body: '{"accountId":"a","plan":"gold"}' }, 422, /accountId.*plan/s],
  ["attributes that are no texts", { attributes: { a: 1 } }, 400, /attributes must be an object of texts/],
  ["our own attributes", { attributes: { "anytopic-x": "1" } }, 400, /anytopic/],
  ["a wrong time", { expiresAt: "soon" }, 400, /expiresAt must be a time/],
  ["a wrong delay", { topic: "notes", form: "text", delayMs: -1 }, 400, /delayMs/],
  ["a wrong id", { id: "two words" }, 400, /id/],
])("refuses %s", async (_what, part, status, words) => {
  const { post } = await opened();
  const refused = await post("publish", { ...event, ...part });
  expect(JSON.stringify(refused.answer)).toMatch(words);
  expect(refused.status).toBe(status);
});

test("only who may publish can, and the log has topic and id, but neither body nor attributes", async () => {
  expect((await (await opened([])).post("publish", event)).status).toBe(403);
  const lines: unknown[] = [];
  const log = (...line: unknown[]): void => void lines.push(line);
  const { post } = await opened(["publish"], { debug: log, info: log, warn: log, error: log });
  await post("publish", { ...event, attributes: { tenant: "acme" }, id: "my-id" });
  expect(JSON.stringify(lines)).toMatch(/"user":"test","action":"publish","topic":"signups","id":"my-id"/);
  expect(JSON.stringify(lines)).not.toMatch(/acme|a1/);
});

test("tells how an event is written, with its JSON Schema where the schema can say it", async () => {
  const { get } = await opened();
  expect(await get("topic?name=signups")).toMatchObject({
    forms: ["json"],
    hasOrderingKey: true,
    jsonSchema: { type: "object", required: ["accountId", "plan"], properties: { plan: { enum: ["free", "pro"] } } },
  });
  expect(await get("topic?name=files")).toMatchObject({ forms: ["text", "hex"], hasSchema: false, jsonSchema: null });
  expect(await get("topic?name=dates")).toMatchObject({ hasSchema: true, jsonSchema: null });
  expect(await get("topics")).toMatchObject({ topics: [{ name: "signups", subscriptions: ["welcome"] }, {}, {}, {}] });
});
