import {
  connect,
  defineTopic,
  MemoryScheduleStore,
  type PubSub,
  type ScheduleStore,
  silentLogger,
} from "@anytopic/core";
import type { DriverSchedule, ScheduleRequest } from "@anytopic/core/driver";
import { forwardDriver, intercept } from "@anytopic/core/intercept";
import { describe, expect, it } from "vitest";
import { changed, opened, turn } from "./opened-schedule.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

const Events = defineTopic<{ n: number }>("events");
const Keyed = defineTopic<{ n: number }>("keyed", { orderingKey: () => "k" });
const MINUTE_MS = 60_000;

describe("a publish with a delay", () => {
  it("waits in the store, and is published when it is due, as it was called", async () => {
    const { adapter, clock, pubsub } = await opened();
    const calledMs = clock.now();
    const options = { attributes: { kind: "later" }, deliverAt: new Date(calledMs + MINUTE_MS), id: "chosen" };
    expect(await pubsub.publish(Events, { n: 1 }, options)).toBe("chosen");
    expect(await pubsub.scheduled(Events)).toEqual([
      { id: "chosen", deliverAtMs: calledMs + MINUTE_MS, publishTimeMs: calledMs, attempts: 0 },
    ]);
    await clock.advance(MINUTE_MS - 1);
    expect(adapter.requests).toEqual([]);
    await clock.advance(1);
    expect(adapter.requests).toMatchObject([{ id: "chosen", publishTimeMs: calledMs, orderingKey: undefined }]);
    const [request] = adapter.requests;
    expect({ ...request?.attributes }).toEqual({ kind: "later" });
    expect(Buffer.from(request?.body ?? []).toString()).toBe('{"n":1}');
    request?.accept();
    await turn();
    expect(await pubsub.scheduled(Events)).toEqual([]);
    await pubsub.close();
  });

  it("waits in a batch too, while the entries without a delay are published", async () => {
    const { adapter, clock, pubsub } = await opened();
    const results = pubsub.publishBatch(Events, [
      { event: { n: 1 }, id: "now" },
      { event: { n: 2 }, id: "later", delayMs: MINUTE_MS },
    ]);
    await turn();
    expect(adapter.requests.map(({ id }) => id)).toEqual(["now"]);
    adapter.requests[0]?.accept();
    expect(await results).toEqual([
      { ok: true, id: "now" },
      { ok: true, id: "later" },
    ]);
    await clock.advance(MINUTE_MS);
    expect(adapter.requests.map(({ id }) => id)).toEqual(["now", "later"]);
    adapter.requests[1]?.accept();
    await pubsub.close();
  });

  it("is published at once when it is due already", async () => {
    const { adapter, clock, pubsub } = await opened();
    for (const due of [{ delayMs: 0 }, { deliverAt: new Date(clock.now()) }, { deliverAt: new Date(0) }])
      void pubsub.publish(Events, { n: 1 }, due).catch(() => {});
    await turn();
    expect(adapter.requests).toHaveLength(3);
    for (const request of adapter.requests) request.accept();
    await pubsub.close();
  });

  it.each([
    [{ delayMs: 1, deliverAt: new Date(0) }, /both deliverAt and delayMs/],
    [{ delayMs: -1 }, /delayMs is -1: must be a whole number from 0 to 31622400000 ms/],
    [{ delayMs: 0.5 }, /delayMs is 0.5/],
    [{ deliverAt: new Date(Number.NaN) }, /deliverAt is .*: must be a valid Date, at most 366 days from now/],
    [{ deliverAt: new Date(8e15) }, /at most 366 days from now/],
    [{ deliverAt: 5 as unknown as Date }, /deliverAt is 5: must be a valid Date/],
  ])("is refused with %j", async (options, message) => {
    const { pubsub } = await opened();
    const refused = pubsub.publish(Events, { n: 1 }, options);
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(message);
    await pubsub.close();
  });

  it("is refused for an event with an ordering key, also when it is due already", async () => {
    const { pubsub } = await opened();
    for (const due of [{ delayMs: 0 }, { delayMs: 5 }, { deliverAt: new Date(0) }]) {
      await expect(pubsub.publish(Keyed, { n: 1 }, due)).rejects.toMatchObject({
        code: "NOT_SUPPORTED",
        message: expect.stringMatching(/^topic "keyed": the event has an ordering key, and (delayMs|deliverAt) would/),
      });
    }
    await pubsub.close();
  });

  it("is refused where nobody can keep it, with the remedy, and so are cancel and scheduled", async () => {
    const pubsub = await connect(new ScriptedAdapter());
    const refused = {
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("{ schedule: new MemoryScheduleStore() }"),
    };
    await expect(pubsub.publish(Events, { n: 1 }, { delayMs: 10 })).rejects.toMatchObject(refused);
    await expect(pubsub.cancel(Events, "id")).rejects.toMatchObject(refused);
    await expect(pubsub.scheduled(Events)).rejects.toMatchObject(refused);
    await pubsub.close();
  });

  it("is checked against the limits in the call", async () => {
    const { pubsub } = await opened();
    const large = defineTopic<string>("large", { codec: "text" });
    await expect(pubsub.publish(large, "x".repeat(1001), { delayMs: 10 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
    });
    expect(await pubsub.scheduled(large)).toEqual([]);
    await pubsub.close();
  });

  it("rejects when the store fails, without what the database says", async () => {
    const { pubsub } = await opened({}, (right) =>
      changed(right, { add: () => Promise.reject(new Error("INSERT … VALUES ('secret body')")) }),
    );
    const failed = pubsub.publish(Events, { n: 1 }, { delayMs: 10 });
    await expect(failed).rejects.toMatchObject({ code: "UNAVAILABLE", message: expect.not.stringContaining("secret") });
    await pubsub.close();
  });
});

describe("a broker that delays by itself", () => {
  const added: ScheduleRequest[] = [];
  const brokerSchedule: DriverSchedule = {
    add(batch) {
      added.push(...batch);
      for (const request of batch) request.accept();
    },
    close: async () => {},
  };
  const open = (
    publishDelay: { readonly cancel: boolean; readonly list: boolean },
    schedule?: ScheduleStore,
  ): Promise<PubSub> => {
    added.length = 0;
    const adapter = new ScriptedAdapter({ publishDelay: { maxMs: MINUTE_MS, granularityMs: 10, ...publishDelay } });
    return connect(
      intercept(adapter, (driver) => forwardDriver(driver, { openSchedule: async () => brokerSchedule })),
      { schedule, logger: silentLogger },
    );
  };

  it("keeps what it may, and a longer delay is refused with both limits", async () => {
    await using pubsub = await open({ cancel: false, list: false });
    const id = await pubsub.publish(Events, { n: 1 }, { delayMs: MINUTE_MS });
    expect(added).toMatchObject([{ id, due: { delayMs: MINUTE_MS } }]);
    await expect(pubsub.publish(Events, { n: 1 }, { delayMs: MINUTE_MS + 1 })).rejects.toMatchObject({
      code: "LIMIT_EXCEEDED",
      message: expect.stringContaining("by at most 60000 ms, not 60001; give connect() a schedule store"),
    });
    await expect(pubsub.cancel(Events, id)).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("publishDelay.cancel: false"),
    });
    await expect(pubsub.scheduled(Events)).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
  });

  it("keeps nothing with a store when it cannot cancel: so cancel always works where there is a store", async () => {
    await using pubsub = await open({ cancel: false, list: true }, new MemoryScheduleStore());
    const id = await pubsub.publish(Events, { n: 1 }, { delayMs: MINUTE_MS });
    expect(added).toEqual([]);
    expect(await pubsub.cancel(Events, id)).toBe(true);
  });

  it("leaves longer delays to the store, and both are listed and cancelled together", async () => {
    const store = new MemoryScheduleStore();
    brokerSchedule.cancel = async (id) => added.some((request) => request.id === id);
    brokerSchedule.list = async () =>
      added.map(({ id, publishTimeMs, due }) => ({ id, publishTimeMs, deliverAtMs: due?.atMs ?? 0, attempts: 0 }));
    await using pubsub = await open({ cancel: true, list: true }, store);
    const long = await pubsub.publish(Events, { n: 1 }, { delayMs: 2 * MINUTE_MS });
    const short = await pubsub.publish(Events, { n: 2 }, { delayMs: MINUTE_MS });
    expect(added.map(({ id }) => id)).toEqual([short]);
    expect((await pubsub.scheduled(Events)).map(({ id }) => id)).toEqual([short, long]);
    expect((await pubsub.scheduled(Events, { limit: 1 })).map(({ id }) => id)).toEqual([short]);
    expect(await pubsub.cancel(Events, long)).toBe(true);
    expect(await pubsub.cancel(Events, short)).toBe(true);
    expect(await pubsub.cancel(Events, "unknown")).toBe(false);
    await expect(pubsub.scheduled(Events, { limit: 0 })).rejects.toThrow(/limit is 0: must be a whole number from 1/);
  });
});

describe("a topic with a mirror", () => {
  it("needs a store, because a message must be cancelled on both brokers or on none", async () => {
    const config = { ...twoBrokers(), topics: { events: { mirror: "b" } } };
    await using without = await connect({ config, logger: silentLogger });
    await expect(without.publish(Events, { n: 1 }, { delayMs: 10 })).rejects.toMatchObject({
      code: "NOT_SUPPORTED",
      message: expect.stringContaining("it has a mirror"),
    });
    const schedule = new MemoryScheduleStore();
    await using pubsub = await connect({ config, logger: silentLogger, schedule });
    const id = await pubsub.publish(Events, { n: 1 }, { delayMs: MINUTE_MS });
    expect(await schedule.list("events", 10)).toMatchObject([{ id }]);
    expect(await pubsub.cancel(Events, id)).toBe(true);
  });
});

it("an id is cancelled with its signature or without", async () => {
  const { pubsub } = await opened({ publish: { idSecret: "s".repeat(40) } });
  const id = await pubsub.publish(Events, { n: 1 }, { delayMs: 1000, id: "plain" });
  expect(id).not.toBe("plain");
  expect(await pubsub.cancel(Events, "plain")).toBe(true);
  await pubsub.publish(Events, { n: 1 }, { delayMs: 1000, id: "plain" });
  expect(await pubsub.cancel(Events, id)).toBe(true);
  await pubsub.close();
});

it("nothing is scheduled, cancelled or listed after close", async () => {
  const { pubsub } = await opened();
  await pubsub.close();
  await expect(pubsub.publish(Events, { n: 1 }, { delayMs: 10 })).rejects.toMatchObject({ code: "CLOSED" });
  await expect(pubsub.cancel(Events, "id")).rejects.toMatchObject({ code: "CLOSED" });
  await expect(pubsub.scheduled(Events)).rejects.toMatchObject({ code: "CLOSED" });
});

it("a schedule that is no store is refused", async () => {
  await expect(connect(new ScriptedAdapter(), { schedule: {} as ScheduleStore })).rejects.toThrow(
    /schedule is .*: must be a store/,
  );
});
