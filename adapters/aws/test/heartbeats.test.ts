import { type Broker, startBrokerOrSkip } from "@anytopic/brokers";
import { aws } from "@anytopic/aws";
import type { DeliverySink, Driver, DriverContext, DriverDelivery, SubscriptionSpec } from "@anytopic/core/driver";
import { systemClock } from "@anytopic/core";
import { afterAll, describe, type ExpectStatic, test } from "vitest";
import { createTestClients } from "./clients.ts";
import { queueStats } from "./queue-stats.ts";
import { createSqsFront, type SqsCall, type SqsFront, type SqsFrontOptions } from "./sqs-front.ts";
import { ack, retry } from "./settle.ts";

const LEASE_MS = 4000;
/** A retry may be this much late, as the conformance suite allows on AWS: SQS counts in whole seconds. */
const RETRY_SLACK_MS = 2000;

const broker = await startBrokerOrSkip("aws", { provider: "embedded", implementation: "fauxqs" });
const clients = broker === undefined ? undefined : createTestClients(broker.url);
afterAll(async () => {
  clients?.sns.destroy();
  clients?.sqs.destroy();
  await broker?.close();
});

/** A worker that holds one message whose lease is old enough to be renewed. */
interface Holding extends AsyncDisposable {
  readonly front: SqsFront;
  readonly delivery: DriverDelivery;
  /** The deliveries after it. */
  readonly later: readonly { readonly delivery: DriverDelivery; readonly atMs: number }[];
  readonly revoked: readonly DriverDelivery[];
  heartbeat(): void;
  stats(): ReturnType<typeof queueStats>;
}

async function hold(expect: ExpectStatic, options: SqsFrontOptions = {}): Promise<Holding> {
  const { url } = broker as Broker;
  const front = await createSqsFront(url, options);
  const context: DriverContext = {
    clock: systemClock,
    random: Math.random,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    status() {},
  };
  const driver: Driver = await aws({ region: "eu-west-1", endpoint: front.url, pollWaitSeconds: 1 }).open(context);
  const name = `heartbeats-${crypto.randomUUID().slice(0, 8)}`;
  const topic = { name, physicalName: name, ordered: false, exactlyOnce: false, retentionMs: 600_000, replay: false };
  const times = { ackDeadlineMs: LEASE_MS, maxBackoffMs: 5000, maxRetries: 5 };
  const subscription: SubscriptionSpec = { name: "worker", physicalName: "worker", topic, ...times };
  await driver.apply({ topics: [topic], subscriptions: [subscription] }, { update: false });
  const delivered: { delivery: DriverDelivery; atMs: number }[] = [];
  const revoked: DriverDelivery[] = [];
  const sink: DeliverySink = {
    deliver: (delivery) => void delivered.push({ delivery, atMs: performance.now() }),
    revoke: (delivery) => revoked.push(delivery) > 0,
    revokeAll() {},
    failing() {},
    receiving() {},
  };
  const subscriber = await driver.openSubscriber(subscription, sink, { maxOutstanding: 10 });
  const publisher = await driver.openPublisher(topic);
  publisher.publish([
    {
      id: crypto.randomUUID(),
      body: Buffer.from("1"),
      attributes: {},
      orderingKey: undefined,
      publishTimeMs: Date.now(),
      awaited: true,
      accept() {},
      reject() {},
    },
  ]);
  await expect.poll(() => delivered.length).toBe(1);
  const [first] = delivered.splice(0);
  const { delivery, atMs } = first as (typeof delivered)[0];
  await expect.poll(() => performance.now() - atMs).toBeGreaterThan(LEASE_MS / 3);
  return {
    front,
    delivery,
    later: delivered,
    revoked,
    heartbeat: () => subscriber.extend([delivery]),
    stats: () => queueStats(clients as NonNullable<typeof clients>, { topic: name, subscription: "worker" }),
    async [Symbol.asyncDispose]() {
      await subscriber.close(1000);
      await driver.destroy({ topics: [topic], subscriptions: [subscription] });
      await front[Symbol.asyncDispose]();
      await driver.close(1000);
    },
  };
}

function isRenewal({ name, entries }: SqsCall): boolean {
  return (
    name === "ChangeMessageVisibilityBatch" &&
    entries.some(({ VisibilityTimeout }) => VisibilityTimeout === LEASE_MS / 1000)
  );
}

/** Holds renewals back until it is opened. */
function gate(): { readonly hold: (call: SqsCall) => Promise<undefined>; readonly open: () => void; kept: number } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const self = {
    kept: 0,
    async hold(call: SqsCall): Promise<undefined> {
      if (!isRenewal(call)) return undefined;
      self.kept += 1;
      await promise;
      return undefined;
    },
    open: resolve,
  };
  return self;
}

function namesOf({ calls }: SqsFront): readonly string[] {
  return calls.map((call) => (isRenewal(call) ? "renewal" : call.name)).filter((name) => /renewal|Batch$/.test(name));
}

// Ten tests at the same time make their own clients and wait for leases. Each wait has its own limit.
describe.skipIf(broker === undefined)("a heartbeat", { concurrent: true, timeout: 60_000 }, () => {
  test("that waits to be sent when the ack is said is not sent any more", async ({ expect }) => {
    await using holding = await hold(expect);
    holding.heartbeat();
    await ack(holding.delivery);
    expect(namesOf(holding.front)).toEqual(["DeleteMessageBatch"]);
    expect(await holding.stats()).toMatchObject({ waiting: 0, outstanding: 0 });
  });

  test.for(["", "and the delivery was revoked"])(
    "that never came has ended the lease %s: an ack is tried all the same, and says that it may not have helped",
    async (revoked, { expect }) => {
      await using holding = await hold(expect);
      const heldAtMs = performance.now();
      await expect.poll(() => holding.later.length, { timeout: 10_000 }).toBe(1);
      // SQS started its clock before we got the answer.
      await expect.poll(() => performance.now() - heldAtMs, { timeout: 10_000 }).toBeGreaterThan(LEASE_MS);
      if (revoked !== "") holding.heartbeat();
      expect(holding.revoked).toHaveLength(revoked === "" ? 0 : 1);
      await expect(ack(holding.delivery)).rejects.toMatchObject({ code: "LEASE_LOST" });
      await expect.poll(() => namesOf(holding.front)).toEqual(["DeleteMessageBatch"]);
      await ack(holding.later[0]?.delivery);
      expect(await holding.stats()).toMatchObject({ waiting: 0, outstanding: 0 });
    },
  );

  test("that waits to be sent when a retry is said is not sent any more, and the retry comes in time", async ({
    expect,
  }) => {
    await using holding = await hold(expect);
    holding.heartbeat();
    const saidAtMs = performance.now();
    await retry(holding.delivery, 1000);
    expect(namesOf(holding.front)).toEqual(["ChangeMessageVisibilityBatch"]);
    await expect.poll(() => holding.later.length, { timeout: 10_000 }).toBe(1);
    const waitedMs = (holding.later[0]?.atMs ?? 0) - saidAtMs;
    expect(waitedMs).toBeGreaterThanOrEqual(1000);
    expect(waitedMs).toBeLessThan(1000 + RETRY_SLACK_MS);
    await ack(holding.later[0]?.delivery);
  });

  test.for([
    ["comes to SQS after", "before"],
    ["is answered after", "after"],
  ] as const)("that %s the delete keeps nobody waiting, and undoes nothing", async ([, where], { expect }) => {
    const renewals = gate();
    await using holding = await hold(expect, { [where]: renewals.hold });
    holding.heartbeat();
    await expect.poll(() => renewals.kept).toBe(1);
    await ack(holding.delivery);
    expect(await holding.stats()).toMatchObject({ waiting: 0, outstanding: 0 });
    renewals.open();
    await expect.poll(() => namesOf(holding.front).includes("renewal")).toBe(true);
    expect(await holding.stats()).toMatchObject({ waiting: 0, outstanding: 0 });
    expect(holding.later).toEqual([]);
    expect(holding.revoked).toEqual([]);
  });

  test.for([
    ["comes to SQS late", "before"],
    ["is answered late", "after"],
  ] as const)("that %s is over before a retry is sent, which then comes in time", async ([, where], { expect }) => {
    const renewals = gate();
    await using holding = await hold(expect, { [where]: renewals.hold });
    holding.heartbeat();
    await expect.poll(() => renewals.kept).toBe(1);
    const saidAtMs = performance.now();
    const retried = retry(holding.delivery, 1000);
    // Longer than changes of visibility wait for each other.
    await expect.poll(() => performance.now() - saidAtMs).toBeGreaterThan(500);
    renewals.open();
    await retried;
    expect(namesOf(holding.front)).toEqual(["renewal", "ChangeMessageVisibilityBatch"]);
    await expect.poll(() => holding.later.length, { timeout: 10_000 }).toBe(1);
    const waitedMs = (holding.later[0]?.atMs ?? 0) - saidAtMs;
    expect(waitedMs).toBeGreaterThanOrEqual(1000);
    expect(waitedMs).toBeLessThan(1000 + RETRY_SLACK_MS);
    await ack(holding.later[0]?.delivery);
  });

  test("that takes up some of a retry's delay leaves the rest of it", async ({ expect }) => {
    const renewals = gate();
    await using holding = await hold(expect, { before: renewals.hold });
    holding.heartbeat();
    await expect.poll(() => renewals.kept).toBe(1);
    const saidAtMs = performance.now();
    const retried = retry(holding.delivery, 3000);
    await expect.poll(() => performance.now() - saidAtMs).toBeGreaterThan(1200);
    renewals.open();
    await retried;
    expect(holding.front.calls.at(-1)?.entries).toMatchObject([{ VisibilityTimeout: 2 }]);
    await expect.poll(() => holding.later.length, { timeout: 10_000 }).toBe(1);
    expect((holding.later[0]?.atMs ?? 0) - saidAtMs).toBeGreaterThanOrEqual(3000);
    await ack(holding.later[0]?.delivery);
  });

  test("that AWS throttles is not sent again once its message is settled", async ({ expect }) => {
    const renewals = gate();
    const throttled = { Successful: [], Failed: [{ Id: "0", Code: "RequestThrottled", SenderFault: false }] };
    const before = async (call: SqsCall): Promise<object | undefined> => {
      await renewals.hold(call);
      return isRenewal(call) ? throttled : undefined;
    };
    await using holding = await hold(expect, { before });
    holding.heartbeat();
    await expect.poll(() => renewals.kept).toBe(1);
    const retried = retry(holding.delivery, 1000);
    renewals.open();
    await retried;
    expect(renewals.kept).toBe(1);
    await expect.poll(() => holding.later.length, { timeout: 10_000 }).toBe(1);
    await ack(holding.later[0]?.delivery);
  });

  test("that is unanswered until the lease ends: the retry is LEASE_LOST, and its old receipt is not used", async ({
    expect,
  }) => {
    const renewals = gate();
    await using holding = await hold(expect, { before: renewals.hold });
    holding.heartbeat();
    await expect.poll(() => renewals.kept).toBe(1);
    const retried = expect(retry(holding.delivery, 1000)).rejects.toMatchObject({ code: "LEASE_LOST" });
    // It is redelivered because its lease has ended.
    await expect.poll(() => holding.later.length, { timeout: 10_000 }).toBe(1);
    renewals.open();
    await retried;
    expect(namesOf(holding.front)).not.toContain("ChangeMessageVisibilityBatch");
    await ack(holding.later[0]?.delivery);
  });

  test("that SQS refuses ends the lease at once: the retry is LEASE_LOST, and its old receipt is not used", async ({
    expect,
  }) => {
    const renewals = gate();
    const refused = { Successful: [], Failed: [{ Id: "0", Code: "ReceiptHandleIsInvalid", SenderFault: true }] };
    const before = async (call: SqsCall): Promise<object | undefined> => {
      await renewals.hold(call);
      return isRenewal(call) ? refused : undefined;
    };
    await using holding = await hold(expect, { before });
    holding.heartbeat();
    await expect.poll(() => renewals.kept).toBe(1);
    const retried = expect(retry(holding.delivery, 1000)).rejects.toMatchObject({ code: "LEASE_LOST" });
    renewals.open();
    await retried;
    expect(namesOf(holding.front)).not.toContain("ChangeMessageVisibilityBatch");
  });
});
