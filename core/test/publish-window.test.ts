import {
  type Clock,
  connect,
  defineTopic,
  PubSubError,
  type StandardResult,
  type StandardSchema,
  VirtualClock,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";

const Events = defineTopic<{ n: number; key?: string }>("events");
const Keyed = defineTopic<{ n: number; key: string }>("keyed", { orderingKey: ({ key }) => key });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const checkedBy = (validate: () => Promise<StandardResult<object>>): StandardSchema<object, object> => ({
  "~standard": { version: 1, vendor: "test", validate },
});
const unavailable = (): PubSubError => new PubSubError("UNAVAILABLE", "gone");

describe("the publish window", () => {
  it("hands over what is published in one turn as batches by count, in order", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const ids = Array.from({ length: 25 }, (_, n) => pubsub.publish(Events, { n }));
    await turn();
    expect(adapter.batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
    expect(adapter.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()).n)).toEqual(
      Array.from({ length: 25 }, (_, n) => n),
    );
    for (const request of adapter.requests) request.accept();
    expect(await Promise.all(ids)).toEqual(adapter.requests.map(({ id }) => id));
  });

  it("keeps the order of calls from before the topic was open to right after", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const { signal } = new AbortController();
    const published: Promise<string>[] = [];
    for (let n = 0; n < 100; n += 1) {
      published.push(pubsub.publish(Events, { n }, n % 3 === 0 ? { signal } : {}));
      await Promise.resolve();
    }
    await turn();
    published.push(pubsub.publish(Events, { n: 100 }));
    await turn();
    expect(adapter.requests.map(({ body }) => JSON.parse(Buffer.from(body).toString()).n)).toEqual(
      Array.from({ length: 101 }, (_, n) => n),
    );
    for (const request of adapter.requests) request.accept();
    await Promise.all(published);
  });

  it("says what is wrong with the connection when a publish times out", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock, publish: { timeoutMs: 1000 } });
    const published = pubsub.publish(Events, { n: 1 });
    published.catch(() => {});
    await turn();
    adapter.context.status(
      "degraded",
      new PubSubError("RESOURCE_EXHAUSTED", "the broker takes no publishes: low on disk"),
    );
    await clock.advance(1000);
    await expect(published).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/did not confirm: the broker takes no publishes: low on disk\. See /),
      cause: expect.objectContaining({ code: "RESOURCE_EXHAUSTED" }),
    });
  });

  it("splits batches by bytes", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const Big = defineTopic<Uint8Array>("big", { codec: "bytes" });
    const published = [900, 900, 900].map((size) => pubsub.publish(Big, new Uint8Array(size)));
    await turn();
    expect(adapter.batches.map((batch) => batch.length)).toEqual([2, 1]);
    for (const request of adapter.requests) request.accept();
    await Promise.all(published);
  });

  it("bounds what is under way, lets further callers wait in order, and rejects beyond that", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, { publish: { maxPending: 2, maxWaiting: 1 } });
    const published = [1, 2, 3, 4].map((n) => pubsub.publish(Events, { n }));
    await expect(published[3]).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", retryable: true });
    await turn();
    expect(adapter.requests).toHaveLength(2);
    expect(pubsub.health().publishing).toBe(3);
    adapter.requests[0]?.accept();
    await turn();
    expect(adapter.requests).toHaveLength(3);
    for (const request of adapter.requests) request.accept();
    await expect(Promise.all(published.slice(0, 3))).resolves.toHaveLength(3);
  });

  it("times out a publish that nobody answers, and ignores the late answer", async () => {
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    const pubsub = await connect(adapter, { clock, publish: { timeoutMs: 1000, maxPending: 1 } });
    const sent = pubsub.publish(Events, { n: 1 });
    const waiting = pubsub.publish(Events, { n: 2 });
    const results = Promise.allSettled([sent, waiting]);
    await turn();
    await clock.advance(1000);
    expect(await results).toMatchObject([
      { status: "rejected", reason: { code: "TIMEOUT" } },
      { status: "rejected", reason: { code: "TIMEOUT" } },
    ]);
    expect(adapter.requests[0]?.awaited).toBe(false);
    adapter.requests[0]?.accept();
    expect(pubsub.health().publishing).toBe(0);
  });

  it("is not sent when its signal aborts while an asynchronous schema looks at it", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const { promise: valid, resolve } = Promise.withResolvers<{ readonly value: object }>();
    const Checked = defineTopic("checked", { schema: checkedBy(() => valid) });
    const abort = new AbortController();
    const published = [
      pubsub.publish(Checked, {}, { signal: abort.signal }),
      pubsub.publish(Checked, {}, { signal: abort.signal }),
    ].map(async (call) => await call.catch((error: unknown) => error));
    await turn();
    const reason = new Error("too slow");
    abort.abort(reason);
    expect(await Promise.all(published)).toEqual([reason, reason]);
    resolve({ value: {} });
    await turn();
    expect(adapter.requests).toEqual([]);
  });

  it("sends events of a key in the order of the calls, however long a schema takes, and waits for none that failed", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const checks: PromiseWithResolvers<StandardResult<object>>[] = [];
    const schema = checkedBy(() => {
      const check = Promise.withResolvers<StandardResult<object>>();
      checks.push(check);
      return check.promise;
    });
    const Checked = defineTopic("checked", { schema, orderingKey: () => "key" });
    const abort = new AbortController();
    const calls = ["first", "aborted", "invalid", "last"].map((id) =>
      pubsub.publish(Checked, {}, { id, ...(id === "aborted" ? { signal: abort.signal } : {}) }).catch(() => id),
    );
    await turn();
    checks[3]?.resolve({ value: {} });
    checks[2]?.resolve({ issues: [{ message: "no" }] });
    abort.abort();
    expect(await Promise.all(calls.slice(1, 3))).toEqual(["aborted", "invalid"]);
    await turn();
    expect(adapter.requests).toEqual([]);
    checks[0]?.resolve({ value: {} });
    await turn();
    adapter.requests[0]?.accept();
    await turn();
    adapter.requests[1]?.accept();
    expect(await Promise.all(calls)).toEqual(["first", "aborted", "invalid", "last"]);
    expect(adapter.requests.map(({ id }) => id)).toEqual(["first", "last"]);
  });

  it("sends an event without a key when its own schema has passed it, whatever the schemas of earlier ones do", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const checks: PromiseWithResolvers<StandardResult<object>>[] = [];
    const schema = checkedBy(() => {
      const check = Promise.withResolvers<StandardResult<object>>();
      checks.push(check);
      return check.promise;
    });
    const Checked = defineTopic("checked", { schema });
    const [first, second] = ["first", "second"].map((id) => pubsub.publish(Checked, {}, { id }));
    await turn();
    checks[1]?.resolve({ value: {} });
    await turn();
    expect(adapter.requests.map(({ id }) => id)).toEqual(["second"]);
    adapter.requests[0]?.accept();
    expect(await second).toBe("second");
    checks[0]?.resolve({ value: {} });
    await turn();
    adapter.requests[1]?.accept();
    expect(await first).toBe("first");
  });

  it("times out although the wall clock was set back meanwhile", async () => {
    const virtual = new VirtualClock(10_000_000);
    let setBackMs = 0;
    const clock: Clock = {
      monotonicNow: () => virtual.monotonicNow(),
      now: () => virtual.now() - setBackMs,
      setTimer: (callback, delayMs) => virtual.setTimer(callback, delayMs),
      clearTimer: (handle) => virtual.clearTimer(handle),
    };
    const pubsub = await connect(new ScriptedAdapter(), { clock, publish: { timeoutMs: 1000 } });
    for (const backMs of [1500, 3_600_000]) {
      const published = pubsub.publish(Events, { n: 1 }).catch((error: unknown) => error);
      await turn();
      setBackMs += backMs;
      await virtual.advance(3000);
      expect(await published).toMatchObject({ code: "TIMEOUT" });
    }
  });

  it("sends one message of a key at a time, and different keys together", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const published = ["a", "a", "b"].map((key, n) => pubsub.publish(Keyed, { n, key }));
    await turn();
    expect(adapter.requests.map(({ orderingKey }) => orderingKey)).toEqual(["a", "b"]);
    adapter.requests[0]?.accept();
    await turn();
    expect(adapter.requests.map(({ orderingKey }) => orderingKey)).toEqual(["a", "b", "a"]);
    for (const request of adapter.requests) request.accept();
    await Promise.all(published);
  });

  it("rejects what is queued behind a failed publish of the same key, and takes the key up again afterwards", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter, { publish: { maxPending: 2 } });
    const published = [1, 2, 3].map((n) => pubsub.publish(Keyed, { n, key: "a" }));
    const other = pubsub.publish(Keyed, { n: 4, key: "b" });
    const results = Promise.allSettled(published);
    await turn();
    adapter.requests[0]?.reject(unavailable());
    expect(await results).toMatchObject([
      { reason: { code: "UNAVAILABLE" } },
      { reason: { code: "KEY_PAUSED", retryable: true } },
      { reason: { code: "KEY_PAUSED" } },
    ]);
    await turn();
    const again = pubsub.publish(Keyed, { n: 1, key: "a" });
    await turn();
    for (const request of adapter.requests) request.accept();
    await expect(Promise.all([other, again])).resolves.toHaveLength(2);
  });

  it("does not send what was aborted before, and keeps the key's order when one under way is aborted", async () => {
    const adapter = new ScriptedAdapter();
    const pubsub = await connect(adapter);
    const reason = new Error("changed my mind");
    const early = new AbortController();
    const notSent = pubsub.publish(Keyed, { n: 1, key: "a" }, { signal: early.signal });
    await turn();
    early.abort(reason);
    const second = pubsub.publish(Keyed, { n: 2, key: "a" });
    await expect(notSent).rejects.toBe(reason);
    await turn();
    expect(adapter.requests).toHaveLength(1);
    adapter.requests[0]?.accept();
    await turn();
    expect(adapter.requests).toHaveLength(2);
    adapter.requests[1]?.accept();
    await second;
    const aborted = AbortSignal.abort(reason);
    await expect(pubsub.publish(Events, { n: 3 }, { signal: aborted })).rejects.toBe(reason);
    expect(adapter.requests).toHaveLength(2);
  });
});
