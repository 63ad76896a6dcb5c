import { runInNewContext } from "node:vm";

import {
  connect,
  defineSubscription,
  defineTopic,
  PubSubError,
  Reject,
  RetryAfter,
  type StandardSchema,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

describe("outcomes", () => {
  it("acknowledges what resolves or returns", async () => {
    const { adapter } = await opened(Sub, (_event, { id }) => (id === "sync" ? undefined : Promise.resolve()));
    adapter.deliver({ id: "sync" });
    adapter.deliver({ id: "async" });
    await turn();
    expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([
      ["sync", "ack"],
      ["async", "ack"],
    ]);
  });

  it.each([
    [
      "an error",
      () => {
        throw new Error("no");
      },
    ],
    ["a rejection with null", () => Promise.reject(null)], // oxlint-disable-line prefer-promise-reject-errors -- handlers do that
    // oxlint-disable-next-line no-thenable -- what a handler may return
    ["a thenable that rejects", () => ({ then: (_ok: unknown, fail: (reason: unknown) => void) => fail("x") })],
  ])("retries %s after the policy's delay", async (_what, handler) => {
    const { adapter } = await opened(Sub, handler);
    adapter.deliver({ id: "a" }, 1);
    adapter.deliver({ id: "b" }, 2);
    await turn();
    expect(adapter.settles.map(({ how, delayMs }) => [how, delayMs])).toEqual([
      ["retry", 100],
      ["retry", 200],
    ]);
  });

  it("dead-letters after the last retry, with the reason, and settles the original only then", async () => {
    const { adapter } = await opened(Sub, () => {
      throw new RangeError("too far");
    });
    adapter.deliver({ id: "a" }, 3);
    expect(adapter.settles).toEqual([]);
    await turn();
    const record: unknown = JSON.parse(adapter.letters[0]?.attributes["anytopic-dead-letter"] ?? "");
    expect(record).toMatchObject({
      reason: "retries-exhausted",
      error: "RangeError",
      message: "too far",
      attempts: 3,
      sub: "events/sub",
    });
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("keeps the original when the dead letter cannot be stored", async () => {
    const { adapter, events } = await opened(Sub, () => {
      throw new Reject("never");
    });
    adapter.storeFailure = new PubSubError("UNAVAILABLE", "gone");
    adapter.deliver({ id: "a" });
    await turn();
    expect(adapter.settles).toMatchObject([{ how: "retry", delayMs: 1000 }]);
    expect(events.map(({ type }) => type)).toContain("dead-letter-failed");
  });

  it("tries only the letter again when it could not be stored; what was redriven since runs", async () => {
    let handled = 0;
    const { adapter } = await opened(Sub, () => {
      handled += 1;
      throw new Reject(`never ${handled}`);
    });
    adapter.storeFailure = new PubSubError("UNAVAILABLE", "gone");
    adapter.deliver({ id: "a" }, 1);
    await turn();
    adapter.deliver({ id: "a" }, 2);
    await turn();
    adapter.storeFailure = undefined;
    adapter.deliver({ id: "a" }, 3);
    await turn();
    expect(handled).toBe(1);
    const recordOf = (index: number): unknown =>
      JSON.parse(adapter.letters[index]?.attributes["anytopic-dead-letter"] ?? "");
    expect(recordOf(0)).toMatchObject({ reason: "rejected", message: "never 1", attempts: 1 });
    adapter.deliver({ id: "a" }, 1);
    await turn();
    expect(handled).toBe(2);
    expect(recordOf(1)).toMatchObject({ message: "never 2" });
  });

  it("knows when each message failed first, also of two that were published under one id", async () => {
    const { adapter, clock } = await opened(Sub, () => {
      throw new Error("no");
    });
    const startMs = clock.now();
    adapter.deliver({ id: "a", publishTimeMs: 1 }, 1);
    await clock.advance(1000);
    adapter.deliver({ id: "a", publishTimeMs: 2 }, 1);
    await clock.advance(1000);
    adapter.deliver({ id: "a", publishTimeMs: 2 }, 3);
    adapter.deliver({ id: "a", publishTimeMs: 1 }, 3);
    await turn();
    const firstFailures = adapter.letters.map(({ publishTimeMs, attributes }) => [
      publishTimeMs,
      (JSON.parse(attributes["anytopic-dead-letter"] ?? "") as { first: number }).first - startMs,
    ]);
    expect(firstFailures).toEqual([
      [2, 1000],
      [1, 0],
    ]);
  });

  it("obeys Reject and RetryAfter", async () => {
    const { adapter } = await opened(Sub, (_event, { id }) => {
      throw id === "reject" ? new Reject("never") : new RetryAfter(12_345);
    });
    adapter.deliver({ id: "reject" });
    adapter.deliver({ id: "later" });
    await turn();
    expect(adapter.settles).toMatchObject([
      { id: "later", how: "retry", delayMs: 12_345 },
      { id: "reject", how: "ack" },
    ]);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["reject"]);
  });

  it("dead-letters without running what crashes have used up, and what it cannot read", async () => {
    let handled = 0;
    const { adapter } = await opened(Sub, () => (handled += 1));
    adapter.deliver({ id: "crashed" }, 4);
    adapter.deliver({ id: "garbage", body: Buffer.from("{") });
    await turn();
    expect(handled).toBe(0);
    expect(adapter.letters.map(({ id }) => id)).toEqual(["crashed", "garbage"]);
    expect(adapter.letters[1]?.body).toEqual(Buffer.from("{"));
  });

  it("runs once more what may have spent its attempts without running, and only then gives up", async () => {
    const { adapter } = await opened(
      Sub,
      () => {
        throw new Error("no");
      },
      { attempts: "includes-unstarted" },
    );
    adapter.deliver({ id: "returned" }, 8);
    adapter.deliver({ id: "crashed" }, 9);
    await turn();
    const reasons = adapter.letters.map(({ id, attributes }) => [
      id,
      (JSON.parse(attributes["anytopic-dead-letter"] ?? "") as { error: string }).error,
    ]);
    expect(reasons).toEqual([
      ["returned", "Error"],
      ["crashed", "PubSubError"],
    ]);
  });

  it("goes on after what cannot be looked at, and its dead letter says what it can", async () => {
    const revoked = (): object => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    };
    const unspeakable = Object.defineProperty(new Error("no"), "message", {
      get: () => {
        throw new Error("not even that");
      },
    });
    const outcomes: Record<string, () => unknown> = {
      returned: revoked,
      thrown: () => {
        throw revoked() as Error;
      },
      thenable: () => ({
        // oxlint-disable-next-line no-thenable -- what a handler may return
        then: () => {
          throw new RangeError("no then");
        },
      }),
      odd: () => Promise.reject(Object.assign(new Error("no"), { message: { a: 1 }, name: undefined })),
      unspeakable: () => Promise.reject(unspeakable),
    };
    const { adapter } = await opened(Sub, (_event, { id }) => outcomes[id]?.());
    for (const id of Object.keys(outcomes)) adapter.deliver({ id }, 3);
    await turn();
    const said = adapter.letters.map(({ id, attributes }) => {
      const { error, message } = JSON.parse(attributes["anytopic-dead-letter"] ?? "") as Record<string, string>;
      return [id, { error, message }] as const;
    });
    expect(Object.fromEntries(said)).toEqual({
      odd: { error: "Error", message: "{ a: 1 }" },
      returned: { error: "TypeError", message: expect.any(String) as string },
      thenable: { error: "RangeError", message: "no then" },
      thrown: { error: "TypeError", message: "what the handler threw cannot be looked at" },
      unspeakable: { error: "Error", message: "its own description threw" },
    });
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack", "ack", "ack", "ack"]);
  });

  it("goes on when the logger throws", async () => {
    const adapter = new ScriptedAdapter({ nackDelay: Object.freeze({ maxMs: 1000, granularityMs: 1 }) });
    const broken = (): never => {
      throw new Error("disk full");
    };
    const pubsub = await connect(adapter, { logger: { debug: broken, info: broken, warn: broken, error: broken } });
    await pubsub.subscribe(Sub, () => {
      throw new RetryAfter(5000);
    });
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    expect(adapter.settles.map(({ delayMs }) => delayMs)).toEqual([1000, 1000, 1000]);
    adapter.context.status("reconnecting");
    expect(pubsub.health().connections[0]?.state).toBe("reconnecting");
  });

  it("reports a settle that fails and goes on", async () => {
    const { adapter, events } = await opened(Sub, () => {});
    adapter.settleAnswer = () => Promise.reject(new PubSubError("LEASE_LOST", "too late"));
    adapter.deliver({ id: "a" });
    await turn();
    expect(events.map(({ type }) => type)).toEqual(["deliver", "ack", "lease-lost"]);
  });
});

it("waits for a schema whose promise is of another realm", async () => {
  const later = runInNewContext("(value) => Promise.resolve({ value })") as (
    value: unknown,
  ) => Promise<{ value: unknown }>;
  const schema: StandardSchema = { "~standard": { version: 1, vendor: "test", validate: later } };
  const sub = defineSubscription(defineTopic("elsewhere", { schema }), "sub");
  const adapter = new ScriptedAdapter();
  await using pubsub = await connect(adapter);
  const handled: unknown[] = [];
  await pubsub.subscribe(sub, (event) => void handled.push(event));
  adapter.deliver({ id: "a", body: Buffer.from('{"n":1}') });
  await expect.poll(() => adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  expect(handled).toEqual([{ n: 1 }]);
});
