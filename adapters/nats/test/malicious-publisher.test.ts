import { connect, defineSubscription, defineTopic, type PubSub } from "@anytopic/core";
import { adapterModule, nats, type NatsOptions } from "@anytopic/nats";
import { BrokerUnavailableError, startBroker, type Broker } from "@anytopic/brokers";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { publishRaw, type RawMessage } from "./raw-publisher.ts";

const Orders = defineTopic<{ n: number }>("orders");
const Mail = defineSubscription(Orders, "mail", { retryPolicy: { maxRetries: 0 } });
const Audit = defineSubscription(Orders, "audit", { retryPolicy: { maxRetries: 0 } });
const Steps = defineTopic<{ n: number }>("steps", { orderingKey: () => "k" });
const Walk = defineSubscription(Steps, "walk", { retryPolicy: { maxRetries: 0 } });

interface Permissions {
  readonly publish: { readonly allow: readonly string[] };
  readonly subscribe: { readonly allow: readonly string[] };
}

const policies = new Map<string, Permissions>();

function spec(topic: { readonly name: string }, ordered: boolean): never {
  return { name: topic.name, physicalName: topic.name, ordered, exactlyOnce: false, retentionMs: 1000 } as never;
}

const topology = {
  topics: [spec(Orders, false), spec(Steps, true)],
  subscriptions: [
    { name: "mail", physicalName: "mail", topic: spec(Orders, false) },
    { name: "audit", physicalName: "audit", topic: spec(Orders, false) },
    { name: "walk", physicalName: "walk", topic: spec(Steps, true) },
  ],
} as never;
for (const { role, of, document } of adapterModule.exporter?.("nats://x").policies(topology) ?? [])
  policies.set(`${role} ${of}`, document as Permissions);

const users = [...policies].map(
  ([name, document], index) => `{ user: u${index}, password: pw, permissions: ${JSON.stringify(document)} } # ${name}`,
);
const config = `authorization { users: [ { user: admin, password: pw }\n${users.join("\n")}\n ] }`;

async function started(): Promise<Broker | undefined> {
  try {
    return await startBroker("nats", { provider: "native", config });
  } catch (error) {
    if (error instanceof BrokerUnavailableError) return undefined;
    throw error;
  }
}

const broker = await started();

describe.skipIf(broker === undefined)("whoever may publish to a topic, and nothing else,", () => {
  const server = broker as Broker;
  const indexOf = (name: string): number => [...policies.keys()].indexOf(name);
  let admin: PubSub;
  let jsm: JetStreamManager;

  function loginOf(name: string): NatsOptions {
    const { subscribe } = policies.get(name) as Permissions;
    const inboxPrefix = (subscribe.allow[0] ?? "").slice(0, -".>".length);
    return { servers: server.url, user: `u${indexOf(name)}`, password: "pw", inboxPrefix };
  }

  async function as(name: string): Promise<PubSub> {
    return connect(nats(loginOf(name)), { provisioning: "off" });
  }

  /** Publishes as the publisher of `orders`; resolves with the server's refusals. */
  async function publish(...messages: readonly Partial<RawMessage>[]): Promise<readonly string[]> {
    const login = { user: `u${indexOf("publisher orders")}`, pass: "pw" };
    return publishRaw(
      server,
      messages.map((message) => ({ subject: "orders", body: '{"n":0}', ...message })),
      login,
    );
  }

  const headers = (...lines: readonly string[]): Uint8Array => Buffer.from(`NATS/1.0\r\n${lines.join("\r\n")}\r\n\r\n`);

  beforeAll(async () => {
    admin = await connect(nats({ servers: server.url, user: "admin", password: "pw" }));
    await admin.apply([Orders, Mail, Audit, Steps, Walk]);
    jsm = await jetstreamManager(admin.native as NatsConnection);
  });

  afterAll(async () => {
    await admin?.close();
    await broker?.close();
  });

  test("cannot hide a message from a subscription, nor take another's id, nor make up its time, attempts or failures", async () => {
    const seen: {
      readonly at: string;
      readonly n: number;
      readonly id: string;
      readonly time: number;
      attempt: number;
    }[] = [];
    const attributes: object[] = [];
    const before = Date.now();
    await using mail = await as("subscriber orders/mail");
    await using audit = await as("subscriber orders/audit");
    await mail.subscribe(Mail, async ({ n }, context) => {
      seen.push({ at: "mail", n, id: context.id, time: context.publishTime.getTime(), attempt: context.attempt });
    });
    await audit.subscribe(Audit, async ({ n }, context) => {
      seen.push({ at: "audit", n, id: context.id, time: context.publishTime.getTime(), attempt: context.attempt });
      attributes.push(context.attributes);
    });
    const claims = [
      ["anytopic-redriven-to: nobody"],
      ["anytopic-redriven-to: mail"],
      ["anytopic-id: another's", "Nats-Msg-Id: mine"],
      ["anytopic-published: 5", "anytopic-publish-time: 5"],
      ["anytopic-attempt: 99", "anytopic-dead-letter: {}", "anytopic-raw-headers: eA==", "anytopic-incomplete: x"],
    ];
    const refused = await publish(
      ...claims.map((lines, n) => ({ headers: headers(...lines), body: JSON.stringify({ n }) })),
    );
    expect(refused).toEqual([]);
    await expect.poll(() => seen.length).toBe(2 * claims.length);
    for (const at of ["mail", "audit"]) {
      const here = seen.filter((one) => one.at === at);
      expect(new Set(here.map(({ n }) => n))).toEqual(new Set([0, 1, 2, 3, 4]));
      expect(here.every(({ time, attempt }) => time >= before - 5000 && attempt === 1)).toBe(true);
      expect(here.find(({ n }) => n === 2)?.id).toBe("mine");
    }
    expect(attributes).toEqual(claims.map(() => ({})));
    expect(await admin.deadLetters(Mail).count()).toBe(0);
  });

  test("cannot empty a stream: not by a rollup, and not by having the server's acknowledgement sent to its API", async () => {
    const { state: before } = await jsm.streams.info("orders");
    for (const rollup of ["all", "sub"]) await publish({ headers: headers(`Nats-Rollup: ${rollup}`) });
    for (const stream of ["orders", "steps", "orders__mail__dead-letters", "steps__walk__leader"]) {
      for (const api of ["PURGE", "DELETE", "UPDATE"]) await publish({ reply: `$JS.API.STREAM.${api}.${stream}` });
    }
    await publish({ reply: "$JS.API.STREAM.MSG.DELETE.orders" }, { reply: "$JS.API.STREAM.MSG.DELETE.steps" });
    const { state } = await jsm.streams.info("orders");
    // Exactly the published messages.
    expect(state.messages).toBe(before.messages + 4 * 3 + 2);
    expect(state.first_seq).toBe(before.first_seq);
    expect(state.num_deleted ?? 0).toBe(0);
  });

  test("cannot purge letters by having an acknowledgement sent to the API", async () => {
    const letters = admin.deadLetters(Mail);
    const failing = await as("subscriber orders/mail");
    const worker = await failing.subscribe(Mail, async () => {
      throw new Error("no");
    });
    await publish({}, {});
    await expect.poll(async () => letters.count()).toBeGreaterThanOrEqual(2);
    await worker.close();
    await failing.close();
    const count = await letters.count();
    await publish({ reply: "$JS.API.STREAM.PURGE.orders__mail__dead-letters" });
    expect(await letters.count()).toBe(count);
    expect(await letters.redrive({ limit: 1 })).toBe(1);
    // An operator may delete letters one by one.
    await using operator = await as("operator orders/mail");
    expect(await operator.deadLetters(Mail).purge()).toBe(count - 1);
    expect(await operator.deadLetters(Mail).count()).toBe(0);
  });

  test("cannot write where only others may, nor listen to their inboxes", async () => {
    const closed = [
      "orders.redrive.mail",
      "orders.dead-letters.mail",
      "steps",
      "steps.leader.walk",
      "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.orders.mail",
      "$JS.ACK.orders.mail.1.1.1.1.1",
      "$JS.API.STREAM.DELETE.orders",
    ];
    for (const subject of closed) {
      const [words] = await publish({ subject });
      expect(words).toContain("Permissions Violation for Publish");
    }
    const inboxes = [...policies.values()].flatMap(({ subscribe }) => subscribe.allow);
    expect(new Set(inboxes).size).toBe(inboxes.length);
    for (const [name, { subscribe }] of policies) {
      const foreign = ["_INBOX.>", ">", ...inboxes.filter((subject) => !subscribe.allow.includes(subject))];
      const { user = "", password = "" } = loginOf(name);
      const lines = foreign.map((subject, index) => `SUB ${subject} ${index + 1}\r\n`).join("");
      const refused = await publishRaw(server, [], { user, pass: password }, lines);
      expect(refused.filter((words) => words.includes("Permissions Violation for Subscription"))).toHaveLength(
        foreign.length,
      );
    }
  });

  test("an ordered subscription works with its role's permissions", async () => {
    await using publisher = await as("publisher steps");
    await using subscriber = await as("subscriber steps/walk");
    const seen: number[] = [];
    await using first = await subscriber.subscribe(Walk, async ({ n }) => void seen.push(n));
    await using standby = await subscriber.subscribe(Walk, async ({ n }) => void seen.push(n));
    for (let n = 0; n < 5; n++) await publisher.publish(Steps, { n });
    await expect.poll(() => seen).toEqual([0, 1, 2, 3, 4]);
    expect([first.health().state, standby.health().state]).toEqual(["receiving", "receiving"]);
  });
});
