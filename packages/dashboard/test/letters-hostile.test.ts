import { connect, defineSubscription, defineTopic, Reject, silentLogger, VirtualClock } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";

import type { EditCheck, LetterCount, LetterDetail, LetterJobState } from "../src/api/letters.ts";
import { lettersApi } from "./letters-api.ts";

test("answers stay small, whatever strangers publish: 1 MB bodies, long attributes, thousands of kinds of errors", async () => {
  const Files = defineTopic<Uint8Array>("files", { codec: "bytes" });
  const Scan = defineSubscription(Files, "scan", { retryPolicy: { maxRetries: 0 } });
  await using pubsub = await connect(memory(), { declarations: [Scan] });
  let letter = 0;
  const words = (n: number): string => n.toString(26).replace(/\d/g, (digit) => "qrstuvwxyz"[Number(digit)] ?? "");
  await pubsub.subscribe(Scan, () => {
    letter += 1;
    throw new Reject(`${words(letter)} ${"w".repeat(480)}`);
  });
  const bodies = [
    Buffer.alloc(1_000_000, 0xff),
    Buffer.from("é".repeat(500_000)),
    Buffer.from([0, 1, 2]),
    Buffer.alloc(0),
  ];
  const attributes = Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`key-${n}`, "v".repeat(500)]));
  for (const body of bodies) await pubsub.publish(Files, body, { attributes });
  const small = Buffer.from("x");
  await pubsub.publishBatch(
    Files,
    Array.from({ length: 5000 }, () => ({ event: small })),
  );
  await expect.poll(async () => await pubsub.deadLetters(Scan).count(), { timeout: 20_000 }).toBe(5004);

  const api = lettersApi(pubsub, Scan);
  const list = await api.list();
  expect([list.groups.length, list.otherGroups, list.otherLetters]).toEqual([200, 4804, 4804]);
  expect(JSON.stringify(list).length).toBeLessThan(400_000);
  expect(list.rows.slice(0, 4).map(({ preview }) => preview.length)).toEqual([0, 200, 3, 0]);
  expect((await api.list({ text: "key-89" })).found).toBe(0);

  const [binary, text] = list.rows;
  const detail = await api.get<LetterDetail>("letters/letter", { ref: binary?.ref ?? "" });
  expect(detail).toMatchObject({ form: "hex", isCut: true });
  expect(detail.attributes).toHaveLength(90);
  expect((await api.get<LetterDetail>("letters/letter", { ref: text?.ref ?? "" })).body.length).toBeLessThanOrEqual(
    131_072,
  );
  const request = new Request(`http://localhost:4000/api/letters/body?of=files/scan&ref=${binary?.ref}`);
  const whole = await (await api.handler(request)).arrayBuffer();
  expect(Buffer.compare(Buffer.from(whole), bodies[0] as Buffer)).toBe(0);

  // Attributes alone are edited, the body that was too long to show stays as it is.
  const edit = { attributes: [["a", "b"]] };
  const checked = await api.post<EditCheck>("letters/check", { of: api.of, ref: binary?.ref, edit });
  expect(checked).toMatchObject({ problems: [], bytes: 1_000_002 });
});

test("letters that the subscription's filter does not let pass stay, and are counted", async () => {
  const Orders = defineTopic<{ n: number }>("orders");
  const Before = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });
  const After = defineSubscription(Orders, "mail", { filter: { region: "eu" } });
  await using pubsub = await connect(memory(), { declarations: [Before], logger: silentLogger });
  const worker = await pubsub.subscribe(Before, () => {
    throw new Reject("no");
  });
  for (const region of ["eu", "us", "us"]) await pubsub.publish(Orders, { n: 1 }, { attributes: { region } });
  await expect.poll(async () => await pubsub.deadLetters(Before).count()).toBe(3);
  await worker.close();
  const api = lettersApi(pubsub, After);
  expect(await api.list()).toMatchObject({ hasFilter: true, found: 3 });
  expect(await api.act("redrive", { kind: "all" })).toMatchObject({ state: "done", done: 1, heldBack: 2, expected: 3 });
  expect(await pubsub.deadLetters(After).count()).toBe(2);
});

test("a redrive that lasts for longer than a lease goes on in slices, and sends every letter once", async () => {
  const clock = new VirtualClock();
  const Orders = defineTopic<{ n: number }>("orders");
  const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });
  await using pubsub = await connect(memory(), { declarations: [Mail], clock });
  const state = { repaired: false, handled: [] as number[] };
  await pubsub.subscribe(Mail, ({ n }) => {
    if (!state.repaired) throw new Reject(n % 2 === 0 ? "even" : "odd");
    state.handled.push(n);
  });
  for (let n = 0; n < 200; n += 1) await pubsub.publish(Orders, { n });
  await expect.poll(async () => await pubsub.deadLetters(Mail).count()).toBe(200);
  const api = lettersApi(pubsub, Mail);
  const group = (await api.list()).groups.find(({ message }) => message === "even")?.key ?? "";
  state.repaired = true;
  const choice = { kind: "group", group } as const;
  const { upTo } = await api.post<LetterCount>("letters/count", { of: api.of, choice });
  const startMs = clock.monotonicNow();
  const { id } = await api.post<LetterJobState>("letters/redrive", { of: api.of, choice, upTo, perSecond: 1 });
  await expect
    .poll(
      async () => {
        await clock.advance(500);
        return state.handled.length;
      },
      { timeout: 30_000, interval: 1 },
    )
    .toBe(100);
  expect(await api.ended(id)).toMatchObject({ state: "done", done: 100 });
  expect(clock.monotonicNow() - startMs).toBeGreaterThanOrEqual(99_000);
  expect(new Set(state.handled).size).toBe(100);
  expect(await pubsub.deadLetters(Mail).count()).toBe(100);
});
