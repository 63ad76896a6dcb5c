import {
  connect,
  defineTopic,
  type Instrumentation,
  PubSubError,
  type PubSubEvent,
  silentLogger,
} from "@anytopic/core";
import { describe, expect, it } from "vitest";
import { changed, opened, turn } from "./opened-schedule.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Events = defineTopic<{ n: number }>("events");

describe("due messages of a store", () => {
  it("are published again with a pause when the broker does not accept them, with the same id", async () => {
    const { adapter, clock, pubsub } = await opened();
    const id = await pubsub.publish(Events, { n: 1 }, { delayMs: 1000 });
    await clock.advance(1000);
    adapter.requests[0]?.reject(new PubSubError("UNAVAILABLE", "gone"));
    await turn();
    expect(await pubsub.scheduled(Events)).toMatchObject([{ id, attempts: 1 }]);
    await clock.advance(500);
    expect(adapter.requests).toHaveLength(1);
    await clock.advance(1000);
    expect(adapter.requests.map((request) => request.id)).toEqual([id, id]);
    expect(await pubsub.cancel(Events, id)).toBe(false);
    adapter.requests[1]?.accept();
    await turn();
    expect(await pubsub.scheduled(Events)).toEqual([]);
    await pubsub.close();
  });

  it("are published again by another connection when one dies between publish and mark, with the same id", async () => {
    const { adapter, clock, store, pubsub } = await opened({}, (right) =>
      changed(right, { done: () => Promise.reject(new Error("the process was killed")) }),
    );
    const id = await pubsub.publish(Events, { n: 1 }, { delayMs: 1000 });
    await clock.advance(1000);
    adapter.requests[0]?.accept();
    await turn();
    await pubsub.close();
    const second = new ScriptedAdapter();
    const survivor = await connect(second, { clock, schedule: store, logger: silentLogger, declarations: [Events] });
    await clock.advance(30_000);
    expect(second.requests).toEqual([]);
    await clock.advance(31_000);
    expect(second.requests.map((request) => request.id)).toEqual([id]);
    second.requests[0]?.accept();
    await turn();
    await survivor.close();
  });

  it("of a topic that stands still hold up no other topic", async () => {
    const { adapter, clock, pubsub } = await opened();
    const Others = defineTopic<{ n: number }>("others");
    await pubsub.publish(Events, { n: 1 }, { delayMs: 1000 });
    await pubsub.publish(Others, { n: 2 }, { delayMs: 2000 });
    // The first is never answered.
    await clock.advance(3000);
    expect(adapter.requests.map(({ body }) => Buffer.from(body).toString())).toEqual(['{"n":1}', '{"n":2}']);
    for (const request of adapter.requests) request.accept();
    await pubsub.close();
  });

  it("are left to others from the beginning of close, and what is under way is waited for", async () => {
    const { adapter, clock, pubsub } = await opened();
    await pubsub.publish(Events, { n: 1 }, { delayMs: 1000 });
    await pubsub.publish(Events, { n: 2 }, { delayMs: 5000 });
    await clock.advance(1000);
    const closing = pubsub.close();
    await clock.advance(4500);
    expect(adapter.requests).toHaveLength(1);
    adapter.requests[0]?.accept();
    await closing;
    expect(adapter.requests).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it("are looked for again after the store has failed", async () => {
    let failures = 3;
    const { adapter, clock, pubsub } = await opened({}, (right) =>
      changed(right, {
        claimDue: (...args) =>
          (failures -= 1) > 0 ? Promise.reject(new Error("database restarted")) : right.claimDue(...args),
      }),
    );
    await pubsub.publish(Events, { n: 1 }, { delayMs: 100 });
    await clock.advance(10_000);
    expect(adapter.requests).toHaveLength(1);
    adapter.requests[0]?.accept();
    await pubsub.close();
  });

  it("were seen by instrumentations and observers when they were scheduled, once, and carry the trace", async () => {
    const events: PubSubEvent[] = [];
    const seen: string[] = [];
    const tracing: Instrumentation = {
      publish(info, carrier) {
        seen.push(`begin ${info.id}`);
        carrier["traceparent"] = "00-1";
        return ({ error }) => void seen.push(`end ${String(error)}`);
      },
    };
    const { adapter, clock, pubsub } = await opened({
      instrumentation: [tracing],
      observer: (event) => void events.push(event),
    });
    const id = await pubsub.publish(Events, { n: 1 }, { delayMs: 1000 });
    expect(seen).toEqual([`begin ${id}`, "end undefined"]);
    await clock.advance(1000);
    expect(adapter.requests[0]?.attributes["traceparent"]).toBe("00-1");
    adapter.requests[0]?.accept();
    await turn();
    expect(seen).toHaveLength(2);
    expect(events.filter(({ type }) => type === "publish" || type === "published")).toHaveLength(2);
    await pubsub.close();
  });
});
