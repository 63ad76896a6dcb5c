import { AsyncLocalStorage } from "node:async_hooks";
import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  Reject,
  type HandlerContext,
  type Instrumentation,
  type PubSub,
} from "@anytopic/core";
import { forwardDeadLetters, forwardDriver, intercept } from "@anytopic/core/intercept";
import { expect, test } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

const Orders = defineTopic<{ readonly n: number }>("orders");
const Mail = defineSubscription(Orders, "mail", {
  retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: 1, jitter: 0 },
});

const opened = async (...instrumentation: Instrumentation[]): Promise<PubSub> =>
  await connect("memory:", { instrumentation, declarations: [Mail] });

test("what instrumentations are told of a publish, an attempt, a settle and a redrive", async () => {
  const told: Record<string, unknown> = {};
  await using pubsub = await opened({
    publish: (publish, carrier) => {
      carrier["added"] = "1";
      told["publish"] = publish;
    },
    handle: (attempt, run) => {
      told["handle"] = attempt;
      return run();
    },
    settle: (attempt, kind) => void (told["settle"] = [attempt, kind]),
    redrive: (letter) => {
      told["redrive"] = letter;
      return (end) => void (told["redriven"] = end);
    },
  });
  const contexts: HandlerContext[] = [];
  await pubsub.subscribe(Mail, (_event, context) => {
    contexts.push(context);
    if (contexts.length === 1) throw new Reject("no");
  });
  const id = await pubsub.publish(Orders, { n: 1 }, { attributes: { own: "2" } });
  await expect.poll(() => pubsub.deadLetters(Mail).count()).toBe(1);
  await pubsub.deadLetters(Mail).redrive();
  await expect.poll(() => contexts.length).toBe(2);
  const place = { topic: "orders", adapter: "memory", id };
  const attributes = { own: "2", added: "1" };
  const { publishTime } = contexts[1] as HandlerContext;
  expect(told["publish"]).toEqual({
    ...place,
    orderingKey: undefined,
    attributes: { own: "2" },
    bodyBytes: 7,
    batch: undefined,
  });
  const attempt = {
    ...place,
    subscription: "mail",
    attempt: 1,
    publishTime,
    orderingKey: undefined,
    attributes,
    bodyBytes: 7,
  };
  expect(told["handle"]).toEqual(attempt);
  expect(told["settle"]).toEqual([attempt, "ack"]);
  expect(told["redrive"]).toEqual({ ...place, subscription: "mail", attributes });
  expect(told["redriven"]).toStrictEqual({ error: undefined });
  expect(contexts.map((context) => ({ ...context.attributes }))).toEqual([attributes, attributes]);
});

test("a redrive that the broker refuses ends with its error", async () => {
  const adapter = new ScriptedAdapter();
  const ends: unknown[] = [];
  const failing = intercept(adapter, (driver) =>
    forwardDriver(driver, {
      openDeadLetters: async (subscription) =>
        forwardDeadLetters(await driver.openDeadLetters(subscription), {
          redeliver: async () => await Promise.reject(new PubSubError("UNAVAILABLE", "gone")),
        }),
    }),
  );
  const body = Buffer.from("{}");
  adapter.stored.push({ id: "a", body, attributes: {}, orderingKey: undefined, publishTimeMs: 0, native: undefined });
  await using pubsub = await connect(failing, { instrumentation: [{ redrive: () => (end) => void ends.push(end) }] });
  await expect(pubsub.deadLetters(Mail).redrive()).rejects.toThrow("gone");
  expect(ends).toMatchObject([{ error: { code: "UNAVAILABLE" } }]);
});

test("quiet is around the calls of the driver, and neither around handlers nor around callers", async () => {
  const quiet = new AsyncLocalStorage<boolean>();
  const adapter = new ScriptedAdapter();
  const calls: [string, unknown][] = [];
  const noted = (what: string) => calls.push([what, quiet.getStore()]);
  adapter.settleAnswer = async () => void noted("settle");
  adapter.closing = async (what) => void noted(what);
  const pubsub = await connect(adapter, { instrumentation: [{ quiet: (run) => quiet.run(true, run) }] });
  await pubsub.subscribe(Mail, () => void noted("handler"));
  adapter.deliver({ id: "a" });
  const published = pubsub.publish(Orders, { n: 1 }).then(() => noted("published"));
  await expect.poll(() => adapter.requests.length).toBe(1);
  adapter.requests[0]?.accept();
  await published;
  await pubsub.deadLetters(Mail).purge();
  await pubsub.close();
  const outside = calls.filter(([, store]) => store === undefined).map(([what]) => what);
  const inside = calls.filter(([, store]) => store === true).map(([what]) => what);
  expect(outside).toEqual(["handler", "published"]);
  expect(inside.toSorted()).toEqual(["driver", "letters", "letters", "publisher", "settle", "stop", "subscriber"]);
});
