import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { connect, defineSubscription, defineTopic, type PubSub, Reject, type Subscription } from "@anytopic/core";
import { nats } from "@anytopic/nats";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { connect as connectRaw } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const broker: Broker | undefined = await startBrokerOrSkip("nats");
const WAIT = { timeout: 30_000, interval: 50 };
let count = 0;

describe.skipIf(broker === undefined)("seek", { timeout: 60_000 }, () => {
  let nc: NatsConnection;
  let jsm: JetStreamManager;
  let pubsub: PubSub;

  beforeAll(async () => {
    const { url } = broker as Broker;
    nc = await connectRaw({ servers: url });
    jsm = await jetstreamManager(nc);
    pubsub = await connect(nats({ servers: url }));
  });

  afterAll(async () => {
    await pubsub.close();
    await nc.close();
    await broker?.close();
  });

  const topicNamed = (name: string, replay = true) => defineTopic<string>(name, { replay });

  async function declared(): Promise<{ readonly name: string; readonly mail: Subscription<string> }> {
    const name = `seek-${(count += 1)}-${Date.now()}`;
    const mail = defineSubscription(topicNamed(name), "mail");
    await pubsub.apply([mail]);
    return { name, mail };
  }

  async function consumersOf(stream: string): Promise<readonly string[]> {
    const names: string[] = [];
    for await (const { name } of jsm.consumers.list(stream)) names.push(name);
    return names;
  }

  test("an ack of a delivery from before a seek finds nobody", async () => {
    const { name, mail } = await declared();
    const gate = Promise.withResolvers<void>();
    const natives: Msg[] = [];
    const worker = await pubsub.subscribe(mail, (_, { native }) => {
      natives.push(native as Msg);
      return gate.promise;
    });
    await pubsub.publish(topicNamed(name), "a");
    await vi.waitUntil(() => natives.length === 1, WAIT);
    await pubsub.seek(mail, { to: "beginning" });
    await vi.waitUntil(() => natives.length === 2, WAIT);
    expect(await consumersOf(name)).toEqual(["mail__seek-1"]);
    for (const payload of ["+ACK", "-NAK", "+TERM"]) nc.publish(natives[0]?.reply ?? "", payload);
    await nc.flush();
    expect(await jsm.consumers.info(name, "mail__seek-1")).toMatchObject({ num_ack_pending: 1, num_redelivered: 0 });
    gate.resolve();
    await worker.close();
    expect(await jsm.consumers.info(name, "mail__seek-1")).toMatchObject({ num_ack_pending: 0, num_pending: 0 });
  });

  test("names go round, and an interrupted seek is tidied up by the next one", async () => {
    const { name, mail } = await declared();
    for (let turn = 0; turn < 8; turn += 1) await pubsub.seek(mail, { to: "beginning" });
    expect(await consumersOf(name)).toEqual(["mail__seek-1"]);
    // As if a seek had ended before it deleted the former consumer.
    const { config } = await jsm.consumers.info(name, "mail__seek-1");
    await jsm.consumers.add(name, { ...config, name: "mail__seek-2", durable_name: "mail__seek-2" });
    await pubsub.seek(mail, { to: "end" });
    expect(await consumersOf(name)).toEqual(["mail__seek-3"]);
  });

  test("several seeks at the same time leave one consumer, with everything", async () => {
    const { name, mail } = await declared();
    for (const event of ["a", "b", "c"]) await pubsub.publish(topicNamed(name), event);
    const positions = ["beginning", new Date(Date.now() - 60_000), new Date(Date.now() - 90_000)] as const;
    await Promise.all([...positions, ...positions].map((to) => pubsub.seek(mail, { to })));
    expect(await consumersOf(name)).toHaveLength(1);
    const seen: string[] = [];
    const worker = await pubsub.subscribe(mail, (event) => void seen.push(event));
    await vi.waitUntil(() => seen.length >= 3, WAIT);
    await worker.close();
    expect(seen).toEqual(["a", "b", "c"]);
  });

  test("a message that was redriven before a seek comes once", async () => {
    const { name, mail } = await declared();
    const seen: string[] = [];
    let rejects = true;
    const worker = await pubsub.subscribe(mail, (event) => {
      seen.push(event);
      if (rejects) throw new Reject("not yet");
    });
    await pubsub.publish(topicNamed(name), "a");
    await vi.waitUntil(async () => (await pubsub.deadLetters(mail).count()) === 1, WAIT);
    rejects = false;
    await pubsub.deadLetters(mail).redrive();
    await vi.waitUntil(() => seen.length === 2, WAIT);
    await pubsub.seek(mail, { to: "beginning" });
    await pubsub.publish(topicNamed(name), "b");
    await vi.waitUntil(() => seen.includes("b"), WAIT);
    // A later redrive is none of those.
    rejects = true;
    await pubsub.publish(topicNamed(name), "c");
    await vi.waitUntil(async () => (await pubsub.deadLetters(mail).count()) === 1, WAIT);
    rejects = false;
    await pubsub.deadLetters(mail).redrive();
    await vi.waitUntil(() => seen.length === 6, WAIT);
    await worker.close();
    expect(seen).toEqual(["a", "a", "a", "b", "c", "c"]);
  });

  test("after a seek, plan finds nothing, update changes the lease in place, and destroy deletes", async () => {
    const { name, mail } = await declared();
    await pubsub.publish(topicNamed(name), "a");
    await pubsub.seek(mail, { to: new Date(Date.now() - 60_000) });
    expect(await pubsub.plan([mail])).toEqual([]);
    expect(await pubsub.apply([mail], { update: true })).toEqual([]);
    expect(await pubsub.stats(mail)).toMatchObject({ waiting: 1, inFlight: 0 });
    const slower = defineSubscription(topicNamed(name), "mail", { ackDeadlineMs: 60_000 });
    expect(await pubsub.apply([slower], { update: true })).toMatchObject([{ action: "update" }]);
    expect((await jsm.consumers.info(name, "mail__seek-1")).config).toMatchObject({ ack_wait: 60e9 });

    // Without replay, a new consumer would pass over the backlog.
    const without = defineSubscription(topicNamed(name, false), "mail", { ackDeadlineMs: 60_000 });
    expect(await pubsub.plan([without])).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          action: "replace",
          detail: expect.stringContaining("a seek made mail__seek-1 of it"),
        }),
      ]),
    );
    expect(await pubsub.destroy([mail])).toContain(`consumer ${name}/mail__seek-1`);
    expect(await consumersOf(name)).toEqual([]);
  });

  test("a worker follows when its subscription is destroyed and applied again after a seek", async () => {
    const { name, mail } = await declared();
    await pubsub.seek(mail, { to: "end" });
    const seen: string[] = [];
    const worker = await pubsub.subscribe(mail, (event) => void seen.push(event));
    await pubsub.destroy([mail]);
    await vi.waitUntil(() => worker.health().state === "failing", WAIT);
    await pubsub.apply([mail]);
    await vi.waitUntil(() => worker.health().state === "receiving", WAIT);
    await pubsub.publish(topicNamed(name), "a");
    await expect.poll(() => seen, WAIT).toEqual(["a"]);
    await worker.close();
  });
});
