import { describe, expect, test } from "vitest";
import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryInbox,
  type AnytopicConfig,
  type StandardSchema,
  type SubscriptionConfig,
} from "@anytopic/core";
import { memory, memoryCapabilities, type MemoryBroker } from "@anytopic/memory";
import { twoBrokers } from "./two-brokers.ts";

interface Signup {
  readonly user: number;
}
const Signups = defineTopic<Signup>("signups");
const Mail = defineSubscription(Signups, "mail", { retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0, maxRetries: 2 } });

const mirrored = (mail: SubscriptionConfig = {}): AnytopicConfig => ({
  ...twoBrokers(),
  topics: { signups: { mirror: "b", subscriptions: { mail } } },
});
const from = (config: AnytopicConfig, connection: string): AnytopicConfig => ({
  ...config,
  topics: { signups: { connection } },
});

describe("a mirrored topic", () => {
  test("is published to both connections with one id", async () => {
    const config = mirrored({ connections: ["a", "b"] });
    await using pubsub = await connect({ config, declarations: [Signups, Mail] });
    const id = await pubsub.publish(Signups, { user: 1 }, { attributes: { key: "value" } });
    const [result] = await pubsub.publishBatch(Signups, [{ event: { user: 2 }, id: "chosen" }]);
    expect(result).toEqual({ ok: true, id: "chosen" });
    for (const connection of ["a", "b"]) {
      await using one = await connect({ config: from(config, connection) });
      const seen: unknown[] = [];
      await one.subscribe(Mail, (event, context) => {
        seen.push([event.user, context.id, context.attributes["key"]]);
      });
      await expect
        .poll(() => seen)
        .toEqual([
          [1, id, "value"],
          [2, "chosen", undefined],
        ]);
    }
  });

  test("rejects when one of the two does not accept, says which, and the other may have the event", async () => {
    const config = mirrored();
    await using pubsub = await connect({ config, provisioning: "off", declarations: [] });
    await using only = await connect({ config: from(config, "a"), declarations: [Mail] });
    await using late = await connect({ config: from(config, "b"), declarations: [Signups] });
    await pubsub.publish(Signups, { user: 1 });
    await late.destroy([Signups]);
    await expect(pubsub.publish(Signups, { user: 2 })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining('topic "signups" on connection "b": '),
    });
    expect(await pubsub.publishBatch(Signups, [{ event: { user: 3 } }])).toMatchObject([
      { ok: false, error: { code: "NOT_FOUND" } },
    ]);
    const { native } = await only.connection("a");
    expect((native as MemoryBroker).topicStatistics()).toMatchObject([{ topic: "signups", messages: 3 }]);
  });

  test("sends to neither what one of them could never take", async () => {
    const users: unknown[] = [];
    const schema: StandardSchema<Signup> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value) => {
          users.push(value);
          return (value as Signup).user > 0 ? { value: value as Signup } : { issues: [{ message: "too small" }] };
        },
      },
    };
    const Checked = defineTopic("signups", { schema });
    const config = mirrored({ connections: ["a", "b"] });
    await using pubsub = await connect({ config, declarations: [Checked, Mail] });
    await expect(pubsub.publish(Checked, { user: 0 })).rejects.toMatchObject({ code: "INVALID_MESSAGE" });
    await expect(pubsub.publish(Checked, { user: 1 }, { id: "" })).rejects.toThrow(TypeError);
    await expect(pubsub.publish(Checked, { user: 1 }, { attributes: { "": "x" } })).rejects.toThrow(TypeError);
    await expect(pubsub.publish(Checked, { user: 1, more: 1n } as Signup)).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
    });
    for (const connection of ["a", "b"]) {
      const { native } = await pubsub.connection(connection);
      expect((native as MemoryBroker).topicStatistics()).toMatchObject([{ messages: 0 }]);
    }
    await pubsub.publish(Checked, { user: 5 });
    expect(users.filter((value) => (value as Signup).user === 5)).toHaveLength(1);
  });

  test("sends to neither what is beyond the limits of only one of them", async () => {
    const small = { ...memory(), capabilities: { ...memoryCapabilities, maxAttributes: 1 } };
    for (const [connection, mirror] of [
      ["a", "b"],
      ["b", "a"],
    ] as const) {
      const config = { ...twoBrokers(), topics: { signups: { connection, mirror } } };
      await using pubsub = await connect(small, { config, declarations: [Mail] });
      const attributes = { one: "1", two: "2" };
      await expect(pubsub.publish(Signups, { user: 1 }, { attributes })).rejects.toMatchObject({
        code: "LIMIT_EXCEEDED",
      });
      for (const name of ["a", "b"]) {
        const { native } = await pubsub.connection(name);
        expect((native as MemoryBroker).topicStatistics()[0]?.messages ?? 0).toBe(0);
      }
    }
  });

  test("needs its mirror: a connection that cannot be had fails the publish before anything is sent", async () => {
    const { connections } = twoBrokers();
    const config = {
      default: "a",
      connections: { ...connections, b: { url: "kafka:" } },
      topics: { signups: { mirror: "b" } },
    };
    await using pubsub = await connect({ config });
    await expect(pubsub.publish(Signups, { user: 1 })).rejects.toThrow("connections.b");
    const { native } = await pubsub.connection("a");
    expect((native as MemoryBroker).topicStatistics()).toMatchObject([{ messages: 0 }]);
  });

  test("keeps the order of the calls per key on both", async () => {
    const Ordered = defineTopic<Signup>("signups", { orderingKey: () => "one" });
    const Sub = defineSubscription(Ordered, "mail");
    const config = mirrored({ connections: ["a", "b"] });
    await using pubsub = await connect({ config, declarations: [Ordered, Sub] });
    const users = Array.from({ length: 50 }, (_, user) => user);
    await Promise.all(users.map((user) => pubsub.publish(Ordered, { user })));
    const seen: number[] = [];
    await pubsub.subscribe(Sub, ({ user }) => void seen.push(user));
    await expect.poll(() => seen).toEqual(users);
  });
});

describe("a worker on two connections", () => {
  test("handles each id once, whichever copy comes first", async () => {
    const config = mirrored({ connections: ["a", "b"] });
    await using pubsub = await connect({ config, declarations: [Signups, Mail] });
    const counts = new Map<number, number>();
    await using worker = await pubsub.subscribe(Mail, async ({ user }) => {
      counts.set(user, (counts.get(user) ?? 0) + 1);
      await Promise.resolve();
    });
    for (let user = 0; user < 200; user += 1) await pubsub.publish(Signups, { user });
    const left = async (): Promise<number> => {
      const brokers = await Promise.all(["a", "b"].map((name) => pubsub.connection(name)));
      return brokers
        .flatMap(({ native }) => (native as MemoryBroker).topicStatistics())
        .reduce((sum, { messages }) => sum + messages, 0);
    };
    await expect.poll(left).toBe(0);
    expect([...counts.values()]).toEqual(Array.from({ length: 200 }, () => 1));
    expect(worker.health()).toMatchObject({ connection: "a, b", state: "receiving", running: 0, waiting: 0 });
  });

  test("drains the old connection while new events come from the new one", async () => {
    const brokers = twoBrokers();
    const subscriptions = { mail: { connections: ["a", "b"] } };
    const before = { ...brokers, topics: { signups: { connection: "a" } } };
    const after = { ...brokers, topics: { signups: { connection: "b", subscriptions } } };
    await using old = await connect({ config: before, declarations: [Mail] });
    for (let user = 0; user < 5; user += 1) await old.publish(Signups, { user });
    await using moved = await connect({ config: after, declarations: [Mail] });
    for (let user = 5; user < 10; user += 1) await moved.publish(Signups, { user });
    const seen = new Set<number>();
    await moved.subscribe(Mail, ({ user }) => void seen.add(user));
    await expect.poll(() => seen.size).toBe(10);
  });

  test("keeps to maxConcurrency over both, and reaches it with the work of one", async () => {
    const config = mirrored({ connections: ["a", "b"], maxConcurrency: 3 });
    await using pubsub = await connect({ config, declarations: [Mail] });
    await using onlyA = await connect({ config: from(config, "a") });
    let running = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    await using worker = await pubsub.subscribe(Mail, async () => {
      most = Math.max(most, (running += 1));
      await gate.promise;
      running -= 1;
    });
    for (let user = 0; user < 10; user += 1) await onlyA.publish(Signups, { user });
    await expect.poll(() => running).toBe(3);
    for (let user = 10; user < 20; user += 1) await pubsub.publish(Signups, { user });
    await expect.poll(() => worker.health().waiting).toBeGreaterThan(3);
    expect(most).toBe(3);
    gate.resolve();
    await expect.poll(() => worker.health()).toMatchObject({ running: 0, waiting: 0 });
    expect(most).toBe(3);
  });

  test("a failed attempt of one copy leaves the other to be handled", async () => {
    const config = mirrored({ connections: ["a", "b"] });
    await using pubsub = await connect({ config, declarations: [Mail] });
    let attempts = 0;
    await pubsub.subscribe(Mail, () => {
      attempts += 1;
      if (attempts === 1) throw new Error("once");
    });
    await pubsub.publish(Signups, { user: 1 });
    const left = async (): Promise<readonly number[]> =>
      await Promise.all(
        ["a", "b"].map(async (name) => {
          const { native } = await pubsub.connection(name);
          return (native as MemoryBroker).topicStatistics()[0]?.messages ?? -1;
        }),
      );
    await expect.poll(left).toEqual([0, 0]);
    expect(attempts).toBe(2);
  });

  test("its dead letters are one queue: counted, read, redriven to where they came from, purged", async () => {
    const brokers = twoBrokers();
    const topics = { signups: { subscriptions: { mail: { connections: ["a", "b"] } } } };
    await using pubsub = await connect({ config: { ...brokers, topics }, declarations: [Mail] });
    await using onlyB = await connect({ config: from(brokers, "b") });
    let failing = true;
    const handled: number[] = [];
    await pubsub.subscribe(Mail, ({ user }) => {
      if (failing) throw new Error("not now");
      handled.push(user);
    });
    await pubsub.publish(Signups, { user: 1 });
    await onlyB.publish(Signups, { user: 2 });
    await onlyB.publish(Signups, { user: 3 });
    const letters = pubsub.deadLetters(Mail);
    await expect.poll(() => letters.count()).toBe(3);
    expect(await letters.peek({ limit: 2 })).toHaveLength(2);
    failing = false;
    const progress: number[] = [];
    expect(await letters.redrive({ limit: 2, onProgress: (done) => progress.push(done) })).toBe(2);
    expect(progress).toEqual([1, 2]);
    await expect.poll(() => new Set(handled)).toEqual(new Set([1, 2]));
    expect(await letters.count()).toBe(1);
    expect(await letters.purge()).toBe(1);
    await expect(letters.peek({ limit: 0 })).rejects.toThrow(TypeError);
  });

  test("the pull form settles each delivery where it came from", async () => {
    const brokers = twoBrokers();
    const topics = { signups: { subscriptions: { mail: { connections: ["a", "b"] } } } };
    await using pubsub = await connect({ config: { ...brokers, topics }, declarations: [Mail] });
    await using onlyB = await connect({ config: from(brokers, "b") });
    await pubsub.publish(Signups, { user: 1 });
    await onlyB.publish(Signups, { user: 2 });
    const seen: number[] = [];
    for await (const delivery of pubsub.deliveries(Mail)) {
      seen.push(delivery.event.user);
      expect(await delivery.ack()).toBe("settled");
      if (seen.length === 2) break;
    }
    expect(new Set(seen)).toEqual(new Set([1, 2]));
    for (const name of ["a", "b"]) {
      const { native } = await pubsub.connection(name);
      expect((native as MemoryBroker).topicStatistics()).toMatchObject([{ messages: 0 }]);
    }
    expect(pubsub.health().subscriptions).toEqual([]);
  });

  test("when one connection has no such subscription, nothing is left open", async () => {
    const config = mirrored({ connections: ["a", "b"] });
    await connect({ config: from(config, "a"), declarations: [Mail] });
    await using pubsub = await connect({ config, provisioning: "off" });
    await expect(pubsub.subscribe(Mail, () => {})).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(pubsub.health().subscriptions).toEqual([]);
  });

  test("workers in two processes need a shared inbox: with one, each id is handled once", async () => {
    const config = mirrored({ connections: ["a", "b"] });
    const inbox = new MemoryInbox();
    await using first = await connect({ config, inbox, declarations: [Mail] });
    await using second = await connect({ config, inbox });
    const seen: number[] = [];
    const handler = ({ user }: Signup): void => void seen.push(user);
    await first.subscribe(Mail, handler, { maxConcurrency: 1, prefetch: 0 });
    await second.subscribe(Mail, handler, { maxConcurrency: 1, prefetch: 0 });
    const users = Array.from({ length: 50 }, (_, user) => user);
    await Promise.all(users.map((user) => first.publish(Signups, { user })));
    const { native } = await first.connection("b");
    await expect.poll(() => (native as MemoryBroker).topicStatistics()[0]?.messages).toBe(0);
    await expect.poll(() => seen.toSorted((a, b) => a - b)).toEqual(users);
  });
});
