import { connect, defineSubscription, defineTopic, type PubSub, type Subscription } from "@anytopic/core";
import { redis } from "@anytopic/redis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { addressOf, RedisServers } from "./redis-servers.ts";
import { type PlainClient, plainClient } from "./plain-client.ts";
import { ScriptKit } from "./script-kit.ts";

const servers = new RedisServers();
const server = await servers.startOrSkip();
const kit = await ScriptKit.startOrSkip();
const WAIT = { timeout: 30_000, interval: 50 };

describe.skipIf(server === undefined)("seek", { timeout: 60_000 }, () => {
  let client: PlainClient;
  let pubsub: PubSub;

  beforeAll(async () => {
    if (server === undefined) return;
    client = await plainClient(server.url);
    pubsub = await connect(redis({ servers: addressOf(server), unsafeServer: "warn" }));
  });

  afterAll(async () => {
    await pubsub?.close();
    await client?.close();
    await kit?.close();
    await servers.close();
  });

  const topicNamed = (name: string, replay = true) => defineTopic<string>(name, { replay });

  async function declared(name: string): Promise<Subscription<string>> {
    const mail = defineSubscription(topicNamed(name), "mail");
    await pubsub.apply([mail]);
    return mail;
  }

  async function groupsOf(stream: string): Promise<readonly string[]> {
    const found = (await client.send("XINFO", "GROUPS", stream)) as readonly (readonly unknown[])[];
    return found.map(([, name]) => String(name));
  }

  test("an acknowledgement of the former group finds nothing", async () => {
    const mail = await declared("fenced");
    const gate = Promise.withResolvers<void>();
    let started = 0;
    const worker = await pubsub.subscribe(mail, () => {
      started += 1;
      return gate.promise;
    });
    await pubsub.publish(topicNamed("fenced"), "a");
    await vi.waitUntil(() => started === 1, WAIT);
    const [[id]] = (await client.send("XRANGE", "fenced", "-", "+")) as [[Buffer]];
    await pubsub.seek(mail, { to: "beginning" });
    await vi.waitUntil(() => started === 2, WAIT);
    expect(await groupsOf("fenced")).toEqual(["mail~1"]);
    expect(await client.send("XACK", "fenced", "mail", String(id))).toBe(0);
    expect(await client.send("XPENDING", "fenced", "mail~1")).toMatchObject({ 0: 1 });
    gate.resolve();
    await vi.waitUntil(async () => (await pubsub.stats(mail)).inFlight === 0, WAIT);
    await worker.close();
  });

  test("a topic with replay keeps what every group has ended, until it is too old", async () => {
    const { client: raw } = kit as ScriptKit;
    const { worker } = await (kit as ScriptKit).subscription("kept", { replay: true });
    const old = Date.now() - 86_400_000 - 60_000;
    await raw.send("XADD", "kept", `${old}-0`, "data", "old");
    for (let n = 0; n < 300; n += 1) await raw.send("XADD", "kept", "*", "data", String(n));
    const last = String(((await raw.send("XREVRANGE", "kept", "+", "-", "COUNT", "1")) as [[Buffer]])[0][0]);
    await raw.send("XGROUP", "SETID", "kept", "mail", last);
    await worker().trim();
    expect(await raw.send("XLEN", "kept")).toBe(300);
  });

  test("several seeks at the same time leave one group, with everything", async () => {
    const mail = await declared("together");
    for (const event of ["a", "b", "c"]) await pubsub.publish(topicNamed("together"), event);
    await Promise.all(Array.from({ length: 5 }, () => pubsub.seek(mail, { to: "beginning" })));
    expect(await groupsOf("together")).toEqual(["mail~5"]);
    expect(await pubsub.stats(mail)).toMatchObject({ waiting: 3, inFlight: 0, delayed: 0 });
    await pubsub.seek(mail, { to: "end" });
    expect(await pubsub.stats(mail)).toMatchObject({ waiting: 0 });
  });

  test("after a seek, plan finds nothing, update changes in place, and destroy deletes; it begins anew", async () => {
    const mail = await declared("planned");
    await pubsub.publish(topicNamed("planned"), "a");
    await pubsub.seek(mail, { to: "beginning" });
    expect(await pubsub.plan([mail])).toEqual([]);
    const slower = defineSubscription(topicNamed("planned"), "mail", { ackDeadlineMs: 60_000 });
    expect(await pubsub.apply([slower], { update: true })).toMatchObject([{ action: "update" }]);
    expect(await pubsub.plan([defineSubscription(topicNamed("planned", false), "mail")])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ action: "replace", detail: expect.stringContaining("a seek made mail~1 of it") }),
      ]),
    );
    expect(await pubsub.destroy([mail])).toContain("group mail of stream planned");
    expect(await groupsOf("planned")).toEqual([]);
    await pubsub.apply([mail]);
    expect(await groupsOf("planned")).toEqual(["mail"]);
    await pubsub.seek(mail, { to: "end" });
    expect(await pubsub.destroy([topicNamed("planned")])).toContain("stream planned");
    expect(await client.send("KEYS", "*planned*")).toEqual([]);
  });

  test("a topic that was declared without replay can get it in place", async () => {
    const before = defineSubscription(topicNamed("later", false), "mail");
    await pubsub.apply([before]);
    await expect(pubsub.seek(before, { to: "end" })).rejects.toMatchObject({ code: "NOT_SUPPORTED" });
    const after = defineSubscription(topicNamed("later"), "mail");
    const change = { action: "update", detail: "replay is false, declared true" };
    expect(await pubsub.apply([after], { update: true })).toMatchObject([change]);
    expect(await pubsub.plan([after])).toEqual([]);
    expect(await pubsub.apply([before], { update: true })).toMatchObject([{ action: "update" }]);
    expect(await pubsub.plan([before])).toEqual([]);
  });
});
