import { connect, defineSubscription, defineTopic, PubSubError, Reject } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, onTestFinished, test } from "vitest";

import type { SearchAnswer } from "../src/api/search.ts";
import { dashboard, dashboardEvents } from "../src/index.ts";
import { ask } from "./ask.ts";

const signups = defineTopic("signups");
const welcome = defineSubscription(signups, "welcome");
const crm = defineSubscription(signups, "crm");
const declarations = [signups, welcome, crm];

async function opened() {
  const events = dashboardEvents();
  const pubsub = await connect(memory(), { declarations, instrumentation: [events] });
  const handle = dashboard({ pubsub, events, declarations, authorize: () => ({ user: "test" }) });
  onTestFinished(async () => {
    await handle.close();
    await pubsub.close();
  });
  const search = async (q: string): Promise<SearchAnswer> =>
    (await (await ask(handle, "GET", `/api/search?q=${encodeURIComponent(q)}`)).json()) as SearchAnswer;
  return { pubsub, handle, search };
}

test("finds a message by its id, by a part of it, and a letter also by what it says", async () => {
  const { pubsub, search } = await opened();
  await pubsub.subscribe(welcome, () => {
    throw new Reject("no such mailbox");
  });
  const id = await pubsub.publish(signups, { to: "Ada@example.org" }, { attributes: { tenant: "acme" } });
  await pubsub.publish(signups, { to: "somebody else" });
  await expect.poll(async () => await pubsub.deadLetters(welcome).count()).toBe(2);
  for (const text of [id, id.slice(-12), id.toUpperCase()]) {
    const { messages, letters, searched } = await search(text);
    expect(messages).toMatchObject([{ id, type: "dead-letter", topic: "signups", subscription: "welcome", events: 4 }]);
    expect(letters).toMatchObject([{ of: "signups/welcome", id, reason: "rejected" }]);
    expect(searched).toEqual({ events: expect.any(Number) as number, letters: 2, subscriptions: 2 });
  }
  expect((await search("ada@EXAMPLE")).letters).toMatchObject([{ id }]);
  expect((await search("tenant=acme")).letters).toMatchObject([{ id }]);
  expect((await search("no such mailbox")).letters).toHaveLength(2);
  expect(await search("nothing of the kind")).toMatchObject({ messages: [], letters: [], incomplete: [] });
});

test("says which dead-letter queues could not be searched, and why", async () => {
  const { pubsub, search } = await opened();
  const real = pubsub.deadLetters.bind(pubsub);
  pubsub.deadLetters = (subscription) => {
    if (subscription.name === "crm") throw new PubSubError("UNAVAILABLE", "the broker is away");
    return real(subscription);
  };
  expect((await search("some text")).incomplete).toEqual([
    { of: "signups/crm", why: expect.stringContaining("the broker is away. See https://") },
  ]);
});

test("refuses what is everywhere, and what is nowhere", async () => {
  const { handle } = await opened();
  for (const q of ["", " a ", "x".repeat(201)]) {
    const response = await ask(handle, "GET", `/api/search?q=${encodeURIComponent(q)}`);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await response.json())).toContain("q must have 2 to 200 characters");
  }
});
