import {
  connect,
  type ConnectOptions,
  defineSubscription,
  defineTopic,
  type PubSub,
  PubSubError,
  VirtualClock,
} from "@anytopic/core";
import { EventEncoder, publishEncoded, type RelayMessage } from "@anytopic/core/relay";
import { describe, expect, test } from "vitest";

import { ScriptedAdapter } from "./scripted-adapter.ts";
import { twoBrokers } from "./two-brokers.ts";

const Events = defineTopic<{ readonly n: number }>("events");
const Keyed = defineTopic<{ readonly n: number; readonly key: string }>("keyed", { orderingKey: ({ key }) => key });
const DAY_MS = 86_400_000;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const encoder = new EventEncoder({ adapter: "outbox" });
const event = (n: number, changes: Partial<RelayMessage> = {}): RelayMessage => ({
  ...encoder.encode(Events, { n }, { id: `e${n}` }).message,
  ...changes,
});
const keyed = (n: number, key: string): RelayMessage => encoder.encode(Keyed, { n, key }, { id: `${key}${n}` }).message;

interface Opened {
  readonly adapter: ScriptedAdapter;
  readonly pubsub: PubSub;
}

async function opened(options: ConnectOptions = {}): Promise<Opened> {
  const adapter = new ScriptedAdapter();
  return { adapter, pubsub: await connect(adapter, options) };
}

describe("publishEncoded", () => {
  test("sends a message as it was encoded, with its own id, key, attributes and publish time", async () => {
    const { adapter, pubsub } = await opened();
    const message = { ...keyed(1, "a"), attributes: { traceparent: "00-1" }, publishTimeMs: 1000 };
    const results = publishEncoded(pubsub, Keyed, [message]);
    await turn();
    const { id, body, attributes, orderingKey, publishTimeMs } = adapter.requests[0] as (typeof adapter.requests)[0];
    expect({ topic: "keyed", id, body, attributes: { ...attributes }, orderingKey, publishTimeMs }).toEqual(message);
    adapter.requests[0]?.accept();
    expect(await results).toEqual([{ ok: true, id: "a1" }]);
  });

  test("keeps the time of expiry", async () => {
    const { adapter, pubsub } = await opened();
    const expiresAt = new Date("2030-01-01T00:00:00Z");
    const { message } = encoder.encode(Events, { n: 1 }, { attributes: { tier: "free" }, expiresAt });
    void publishEncoded(pubsub, Events, [message]);
    await turn();
    expect({ ...adapter.requests[0]?.attributes }).toEqual({ ...message.attributes });
    expect(message.attributes).toMatchObject({ tier: "free", "anytopic-expires": String(expiresAt.getTime()) });
  });

  test("gives one result per message, and pauses a key behind its failure", async () => {
    const { adapter, pubsub } = await opened();
    const results = publishEncoded(pubsub, Keyed, [keyed(1, "a"), keyed(1, "b"), keyed(2, "a"), keyed(2, "b")]);
    await turn();
    expect(adapter.requests.map(({ id }) => id)).toEqual(["a1", "b1"]);
    adapter.requests[0]?.reject(new PubSubError("UNAVAILABLE", "gone"));
    adapter.requests[1]?.accept();
    await turn();
    adapter.requests[2]?.accept();
    expect(await results).toEqual([
      { ok: false, error: expect.objectContaining({ code: "UNAVAILABLE" }) },
      { ok: true, id: "b1" },
      { ok: false, error: expect.objectContaining({ code: "KEY_PAUSED" }) },
      { ok: true, id: "b2" },
    ]);
  });

  test("begins the timeout with the call, however old the message is", async () => {
    const clock = new VirtualClock();
    const { adapter, pubsub } = await opened({ clock });
    const before = publishEncoded(pubsub, Events, [event(1)]);
    await clock.advance(20_000);
    const times = [clock.now() - 30 * DAY_MS, clock.now() + DAY_MS];
    const after = publishEncoded(
      pubsub,
      Events,
      times.map((publishTimeMs, n) => event(n + 2, { publishTimeMs })),
    );
    await turn();
    await clock.advance(15_000);
    expect(await before).toMatchObject([{ ok: false, error: { code: "TIMEOUT" } }]);
    expect(adapter.requests.map(({ awaited }) => awaited)).toEqual([false, true, true]);
    adapter.requests[1]?.accept();
    await clock.advance(15_000);
    expect(await after).toMatchObject([
      { ok: true, id: "e2" },
      { ok: false, error: { code: "TIMEOUT" } },
    ]);
    await pubsub.close();
  });

  test("refuses what is beyond a limit, without sending it", async () => {
    const { adapter, pubsub } = await opened();
    const results = publishEncoded(pubsub, Events, [event(1, { body: new Uint8Array(1001) }), event(2)]);
    await turn();
    expect(adapter.requests.map(({ id }) => id)).toEqual(["e2"]);
    adapter.requests[0]?.accept();
    expect(await results).toEqual([
      { ok: false, error: expect.objectContaining({ code: "LIMIT_EXCEEDED" }) },
      { ok: true, id: "e2" },
    ]);
  });

  test.each<[string, Partial<Record<keyof RelayMessage, unknown>>, RegExp]>([
    ["another topic", { topic: "others" }, /its topic is 'others'/],
    ["no id", { id: "" }, /id is ''/],
    ["a body that is text", { body: "{}" }, /its body is text: must be bytes/],
    ["a reserved attribute", { attributes: { "anytopic-dead-letter": "{}" } }, /reserved/],
    ["attributes that are none", { attributes: undefined, body: null }, /its body is null/],
    ["a key on a topic without keys", { orderingKey: "k" }, /the topic declares none/],
    ["an empty key", { orderingKey: "" }, /well-formed text, or empty/],
    ["no time", { publishTimeMs: Number.NaN }, /its publish time is NaN/],
  ])("fails one that was stored with %s, and no other", async (_, changes, reason) => {
    const { adapter, pubsub } = await opened();
    const results = publishEncoded(pubsub, Events, [event(1, changes as Partial<RelayMessage>), event(2)]);
    await turn();
    adapter.requests[0]?.accept();
    const [first, second] = await results;
    expect(first).toMatchObject({ ok: false, error: { code: "INVALID_MESSAGE", retryable: false } });
    expect(String(first?.ok === false ? first.error : "")).toMatch(reason);
    expect(second).toEqual({ ok: true, id: "e2" });
    expect(adapter.requests).toHaveLength(1);
  });

  test("requires the signature of a connection that signs", async () => {
    const idSecret = "s".repeat(32);
    const { adapter, pubsub } = await opened({ publish: { idSecret } });
    const signed = new EventEncoder({ adapter: "outbox", idSecret }).encode(Events, { n: 1 }, { id: "e1" }).message;
    const results = publishEncoded(pubsub, Events, [signed, event(2)]);
    await turn();
    expect(adapter.requests.map(({ id }) => id)).toEqual([signed.id]);
    adapter.requests[0]?.accept();
    expect(await results).toEqual([
      { ok: true, id: signed.id },
      {
        ok: false,
        error: expect.objectContaining({ message: expect.stringMatching(/not signed with publish.idSecret/) }),
      },
    ]);
  });

  test("is seen by instrumentations, which add nothing to a trace that travels already", async () => {
    const told: string[] = [];
    const { adapter, pubsub } = await opened({
      instrumentation: [
        {
          publish({ id, attributes }, carrier) {
            told.push(`${id} ${attributes["traceparent"] ?? "none"}`);
            carrier["traceparent"] = "new";
            return ({ error }) => void told.push(error === undefined ? "stored" : "failed");
          },
        },
      ],
    });
    const results = publishEncoded(pubsub, Events, [event(1, { attributes: { traceparent: "old" } }), event(2)]);
    await turn();
    for (const request of adapter.requests) request.accept();
    await results;
    expect(adapter.requests.map(({ attributes }) => attributes["traceparent"])).toEqual(["old", "new"]);
    expect(told).toEqual(["e1 old", "e2 none", "stored", "stored"]);
  });

  test("goes to a mirror as well", async () => {
    const Mail = defineSubscription(Events, "mail");
    const topics = { events: { mirror: "b", subscriptions: { mail: { connections: ["b"] } } } };
    const config = { ...twoBrokers(), topics };
    await using pubsub = await connect({ config, declarations: [Mail] });
    expect(await publishEncoded(pubsub, Events, [event(1)])).toEqual([{ ok: true, id: "e1" }]);
    const seen: string[] = [];
    await pubsub.subscribe(Mail, (_, { id }) => void seen.push(id));
    await expect.poll(() => seen).toEqual(["e1"]);
  });

  test("sends nothing that waits when its signal aborts, and rejects after close", async () => {
    const { adapter, pubsub } = await opened({ publish: { maxPending: 1 } });
    const controller = new AbortController();
    const results = publishEncoded(pubsub, Events, [event(1), event(2)], { signal: controller.signal });
    await turn();
    controller.abort(new Error("stop"));
    expect(await results).toEqual([event(1), event(2)].map(() => ({ ok: false, error: new Error("stop") })));
    adapter.requests[0]?.accept();
    await turn();
    expect(adapter.requests).toHaveLength(1);
    await pubsub.close();
    await expect(publishEncoded(pubsub, Events, [event(1)])).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("says what is wrong with its arguments", async () => {
    const { pubsub } = await opened();
    await expect(publishEncoded({}, Events, [])).rejects.toThrow(/pubsub is an object: must be the result of connect/);
    await expect(publishEncoded(pubsub, "events" as never, [])).rejects.toThrow(/must be made by defineTopic/);
    await expect(publishEncoded(pubsub, Events, event(1) as never)).rejects.toThrow(/messages are an object/);
    expect(await publishEncoded(pubsub, Events, [])).toEqual([]);
  });
});
