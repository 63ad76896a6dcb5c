import { connect, defineSubscription, defineTopic, type Logger, Reject } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";
import { z } from "zod";

import type { EditCheck, LetterCount, LetterDetail, LetterJobState, LettersOverview } from "../src/api/letters.ts";
import { lettersApi } from "./letters-api.ts";

interface Order {
  readonly n: number;
  readonly account?: string | undefined;
}

const Order = z.object({ n: z.number({ error: "must be a number" }), account: z.string().optional() });
const Orders = defineTopic("orders", { schema: Order });
const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });

/** A subscription whose worker fails by the number of the order, until it is repaired. */
async function brokenShop(failure: (event: Order) => Error = ({ n }) => new Reject(`no account ${n}`)) {
  const pubsub = await connect(memory(), { declarations: [Mail] });
  const state = { repaired: false, handled: [] as Order[] };
  const worker = await pubsub.subscribe(Mail, (event) => {
    if (!state.repaired) throw failure(event);
    state.handled.push(event);
  });
  const letters = pubsub.deadLetters(Mail);
  const publish = async (
    events: readonly Order[],
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const before = await letters.count();
    await pubsub.publishBatch(
      Orders,
      events.map((event) => ({ event, attributes })),
    );
    await expect.poll(async () => await letters.count(), { timeout: 20_000 }).toBe(before + events.length);
  };
  return { pubsub, state, worker, letters, publish, [Symbol.asyncDispose]: async () => await pubsub.close() };
}

const range = (size: number, from = 0): Order[] => Array.from({ length: size }, (_, index) => ({ n: from + index }));

test("the overview counts the letters of each subscription, and tells the newest failure of those that were read", async () => {
  await using shop = await brokenShop();
  await shop.publish(range(3));
  const api = lettersApi(shop.pubsub, Mail);
  const before = await api.get<LettersOverview>("letters");
  expect(before.rows).toEqual([{ of: "orders/mail", count: 3, exactly: true, newest: null, why: null }]);
  await api.list();
  const { rows } = await api.get<LettersOverview>("letters", { fresh: "1" });
  expect(Math.abs(Date.parse(rows[0]?.newest ?? "") - Date.now())).toBeLessThan(30_000);
});

test("letters that failed in the same way are one group, whatever numbers, ids and quoted texts their errors have", async () => {
  const failures = [
    "no account 17 in shop 'north'",
    "no account 23 in shop 'south'",
    'no account 4,711 in shop "x"',
    "request 7f3a9c12-4b7e-4f0a-9a53-0d8e1b2c3d4e timed out",
    "request 00000000-4b7e-4f0a-9a53-0d8e1b2c3d4f timed out",
  ];
  await using shop = await brokenShop(({ n }) => new Reject(failures[n] ?? ""));
  await shop.publish(range(5));
  const { groups, found, rows } = await lettersApi(shop.pubsub, Mail).list();
  expect(
    groups.map(({ message, count, versions, reason, errorName }) => [message, count, versions, reason, errorName]),
  ).toEqual([
    ["no account # in shop “…”", 3, 3, "rejected", "Reject"],
    ["request # timed out", 2, 2, "rejected", "Reject"],
  ]);
  expect(groups[0]?.examples).toEqual(failures.slice(0, 3));
  expect(found).toBe(5);
  expect(rows[0]).toMatchObject({ attempts: 1, bodyBytes: 7, preview: '{"n":0}', key: null });
});

test("the search finds by id, body, attribute, error, group and time", async () => {
  await using shop = await brokenShop();
  await shop.publish([{ n: 1, account: "ÄRGER" }, { n: 2 }], { Region: "eu-west" });
  await shop.publish([{ n: 3 }], { region: "us" });
  const api = lettersApi(shop.pubsub, Mail);
  const { rows, groups } = await api.list();
  const found = async (query: Readonly<Record<string, string>>): Promise<number> => (await api.list(query)).found;
  expect(await found({ text: rows[0]?.id ?? "" })).toBe(1);
  expect(await found({ text: "ärger" })).toBe(1);
  expect(await found({ text: "REGION=EU-west" })).toBe(2);
  expect(await found({ text: "account 3" })).toBe(1);
  expect(await found({ text: "nowhere" })).toBe(0);
  expect(await found({ group: groups[0]?.key ?? "" })).toBe(3);
  expect(await found({ group: "other" })).toBe(0);
  const hour = 3_600_000;
  expect(await found({ from: new Date(Date.now() - hour).toISOString() })).toBe(3);
  expect(await found({ to: new Date(Date.now() - hour).toISOString() })).toBe(0);
  await expect(api.list({ from: "yesterday" })).rejects.toThrow("from is no time");
  await expect(api.list({ page: "-1" })).rejects.toThrow("page must be a whole number");
  await expect(api.list({ of: "orders/other" })).rejects.toThrow("no such subscription is declared");
});

test("pages of one read stay the same while letters arrive", async () => {
  await using shop = await brokenShop();
  await shop.publish(range(120));
  const api = lettersApi(shop.pubsub, Mail);
  const first = await api.list();
  expect([first.pages, first.rows.length]).toEqual([3, 50]);
  await shop.publish(range(5, 500));
  const last = await api.list({ page: "2", at: first.at });
  expect([last.found, last.rows.length]).toEqual([120, 20]);
  const refs = new Set(
    [...first.rows, ...(await api.list({ page: "1", at: first.at })).rows, ...last.rows].map(({ ref }) => ref),
  );
  expect(refs.size).toBe(120);
});

test("a letter is opened, edited wrong, refused with the words of the schema, edited right, and handled", async () => {
  await using shop = await brokenShop();
  await shop.publish([{ n: 1 }], { kind: "a" });
  const api = lettersApi(shop.pubsub, Mail);
  const [row] = (await api.list()).rows;
  const ref = row?.ref ?? "";
  const detail = await api.get<LetterDetail>("letters/letter", { ref });
  expect(detail).toMatchObject({
    form: "json",
    body: '{\n  "n": 1\n}',
    raw: '{"n":1}',
    attributes: [["kind", "a"]],
    schema: true,
  });

  const check = async (edit: object): Promise<EditCheck> => await api.post("letters/check", { of: api.of, ref, edit });
  const json = (text: string): object => ({ body: { form: "json", text } });
  expect((await check(json('{ "n": "one" }'))).problems).toEqual(["n: must be a number"]);
  expect((await check(json('{\n  "n": 1,\n}'))).problems).toEqual([
    "body: not JSON at line 3, column 1: a name in double quotes is missing",
  ]);
  expect(
    (
      await check({
        attributes: [
          ["anytopic-x", "1"],
          ["a", "1"],
          ["a", "2"],
        ],
      })
    ).problems,
  ).toEqual(['attributes: "anytopic-x": names with "anytopic" are reserved', 'attributes: "a" is there twice']);
  const right = { ...json('{ "n": 42, "account": "x" }'), attributes: [["kind", "b"]] };
  expect(await check(right)).toMatchObject({ problems: [], bytes: 27 });

  const choice = { kind: "letters", refs: [ref] } as const;
  const wrong = await api.refusal("letters/redrive", { of: api.of, choice, edit: json('{ "n": "one" }') });
  expect(wrong).toBe("422 n: must be a number");
  expect(await shop.letters.count()).toBe(1);
  shop.state.repaired = true;
  expect(await api.act("redrive", choice, { edit: right })).toMatchObject({ state: "done", done: 1 });
  await expect.poll(() => shop.state.handled).toEqual([{ n: 42, account: "x" }]);
  expect(await shop.letters.count()).toBe(0);
  await expect(api.get("letters/letter", { ref: "x".repeat(22) })).rejects.toThrow("this letter is gone");
});

test("a group is redriven whole, and nothing else", async () => {
  await using shop = await brokenShop(({ n }) => new Reject(n % 2 === 0 ? `no account ${n}` : `timeout after ${n} ms`));
  await shop.publish(range(300));
  const api = lettersApi(shop.pubsub, Mail);
  const { groups } = await api.list();
  const group = groups.find(({ message }) => message.startsWith("no account"))?.key ?? "";
  shop.state.repaired = true;
  expect(await api.act("redrive", { kind: "group", group })).toMatchObject({ state: "done", done: 150, expected: 150 });
  await expect.poll(() => shop.state.handled.length).toBe(150);
  expect(shop.state.handled.every(({ n }) => n % 2 === 0)).toBe(true);
  const left = await api.list();
  expect(left.groups.map(({ count, message }) => [count, message])).toEqual([[150, "timeout after # ms"]]);
});

test("letters that fail after the count stay: also those that were redriven and failed again", async () => {
  await using shop = await brokenShop();
  await shop.publish(range(20));
  const api = lettersApi(shop.pubsub, Mail);
  const choice = { kind: "all" } as const;
  const count = await api.post<LetterCount>("letters/count", { of: api.of, choice });
  expect(count.matches).toBe(20);
  await expect.poll(() => Date.now()).toBeGreaterThan(Date.parse(count.upTo) + 1);
  await shop.publish(range(5, 100));
  const { id } = await api.post<LetterJobState>("letters/redrive", { of: api.of, choice, upTo: count.upTo });
  expect(await api.ended(id)).toMatchObject({ state: "done", done: 20 });
  await expect.poll(async () => await shop.letters.count()).toBe(25);
});

test("a purge needs the name of the subscription, deletes what was chosen, and is written to the log without bodies", async () => {
  await using shop = await brokenShop();
  await shop.publish(range(10), { secret: "hunter2" });
  const lines: string[] = [];
  const write = (fields: object, text?: string): void => void lines.push(JSON.stringify({ ...fields, text }));
  const logger = { debug: write, info: write, warn: write, error: write } as unknown as Logger;
  const api = lettersApi(shop.pubsub, Mail, { logger });
  const [one, two] = (await api.list()).rows;
  const choice = { kind: "letters", refs: [one?.ref ?? "", two?.ref ?? ""] } as const;
  expect(await api.refusal("letters/purge", { of: api.of, choice, confirm: "orders" })).toBe(
    "400 confirm must be the name of the subscription, orders/mail",
  );
  expect(await shop.letters.count()).toBe(10);
  expect(await api.act("purge", choice)).toMatchObject({ state: "done", done: 2, kind: "purge", user: "ada" });
  expect(await shop.letters.count()).toBe(8);
  expect(lines.filter((line) => line.includes("choice")).map((line) => JSON.parse(line))).toMatchObject([
    { user: "ada", action: "purge", subscription: "orders/mail", choice: "letters", letters: 2 },
    { user: "ada", action: "purge", subscription: "orders/mail", state: "done", letters: 2 },
  ]);
  expect(lines.join("")).not.toContain("hunter2");
});

test("what is not permitted is refused: nobody without `redrive` redrives, nobody without `purge` purges or stops a purge", async () => {
  await using shop = await brokenShop();
  await shop.publish(range(2));
  const looking = lettersApi(shop.pubsub, Mail, { can: [] });
  const redriving = lettersApi(shop.pubsub, Mail, { can: ["redrive"] });
  const all = { of: looking.of, choice: { kind: "all" }, upTo: new Date().toISOString(), confirm: looking.of };
  expect(await looking.refusal("letters/redrive", all)).toBe("403 you are not allowed to redrive here");
  expect(await redriving.refusal("letters/purge", all)).toBe("403 you are not allowed to purge here");
  expect(await looking.list()).toMatchObject({ found: 2 });
  expect(await shop.letters.count()).toBe(2);
});

test("wrong requests are told what is wrong", async () => {
  await using shop = await brokenShop();
  const api = lettersApi(shop.pubsub, Mail);
  const { of } = api;
  const said = async (body: object): Promise<string> => await api.refusal("letters/redrive", { of, ...body });
  expect(await said({ choice: { kind: "some" } })).toContain('400 choice.kind must be "all", "group" or "letters"');
  expect(await said({ choice: { kind: "all" } })).toContain("400 upTo must be the time");
  expect(await said({ choice: { kind: "letters", refs: [] } })).toContain(
    "400 choice.refs must be a list of 1 to 1000",
  );
  expect(await said({ choice: { kind: "all" }, upTo: "2026-01-01", perSecond: 0 })).toContain("400 perSecond must be");
  expect(await said({ choice: { kind: "all" }, upTo: "2026-01-01", edit: {} })).toContain(
    "400 an edit is of one letter",
  );
  expect(await said({ chois: 1 })).toContain('400 unknown field "chois"');
  expect(await api.refusal("letters/stop", { id: "x" })).toBe("404 there is no such job");
});

test("a slow redrive goes on by itself, is seen by all, refuses a second one, and can be stopped", async () => {
  await using shop = await brokenShop();
  await shop.publish(range(200));
  const api = lettersApi(shop.pubsub, Mail);
  shop.state.repaired = true;
  const choice = { kind: "all" } as const;
  const { upTo } = await api.post<LetterCount>("letters/count", { of: api.of, choice });
  const begun = { of: api.of, choice, upTo, perSecond: 20, expected: 200 };
  const { id } = await api.post<LetterJobState>("letters/redrive", begun);
  expect(await api.refusal("letters/redrive", begun)).toContain("409 ada runs a redrive on these letters");
  await expect.poll(() => shop.state.handled.length, { timeout: 10_000 }).toBeGreaterThan(5);
  expect((await api.list()).job).toMatchObject({ id, state: "running", perSecond: 20 });
  await api.post("letters/stop", { id });
  const job = await api.ended(id);
  expect(job.state).toBe("stopped");
  expect(job.done).toBeLessThan(60);
  expect(await shop.letters.count()).toBe(200 - job.done);
  await expect.poll(() => shop.state.handled.length).toBe(job.done);
});

test("an export has every chosen letter whole, one on a line", async () => {
  await using shop = await brokenShop();
  await shop.publish([{ n: 1, account: "x".repeat(20_000) }, { n: 2 }], { kind: "a" });
  const api = lettersApi(shop.pubsub, Mail);
  const request = new Request("http://localhost:4000/api/letters/export", {
    method: "POST",
    headers: { "content-type": "application/json", "x-anytopic": "1", origin: "http://localhost:4000" },
    body: JSON.stringify({ of: api.of, choice: { kind: "all" } }),
  });
  const text = await (await api.handler(request)).text();
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[0].body)).toEqual({ n: 1, account: "x".repeat(20_000) });
  expect(lines[1]).toMatchObject({
    attributes: { kind: "a" },
    bodyEncoding: "utf8",
    reason: "rejected",
    orderingKey: null,
  });
});
