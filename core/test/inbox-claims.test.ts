import { describe, expect, test } from "vitest";
import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryInbox,
  VirtualClock,
  type InboxClaim,
  type InboxStore,
  type StandardSchema,
} from "@anytopic/core";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Payments = defineTopic<number>("payments", { deliveryGuarantee: "exactly-once" });
const Book = defineSubscription(Payments, "book", { ackDeadlineMs: 1000 });
const PATH = "payments/book";

test("a claim of a worker that died lapses, though others wait for it meanwhile", async () => {
  const inbox = new MemoryInbox();
  await using pubsub = await connect("memory:", { inbox, declarations: [Book] });
  // A worker elsewhere that claimed and died: nobody renews, completes or abandons.
  expect(await inbox.claim(PATH, "dead-workers", 1500)).toMatchObject({ state: "claimed" });
  const handled: string[] = [];
  await pubsub.subscribe(Book, (_event, { id }) => void handled.push(id));
  await pubsub.publish(Payments, 1, { id: "dead-workers" });
  await pubsub.publish(Payments, 2, { id: "free" });
  await expect.poll(() => handled).toEqual(["free", "dead-workers"]);
});

test("a worker that gives up waiting does not give back the claim of another", async () => {
  const inbox = new MemoryInbox();
  const Impatient = defineSubscription(Payments, "book", {
    ackDeadlineMs: 1000,
    maxHandlingMs: 1000,
    retryPolicy: { minBackoffMs: 0, maxRetries: 0 },
  });
  await using pubsub = await connect("memory:", { inbox, declarations: [Impatient] });
  expect(await inbox.claim(PATH, "held", 60_000)).toMatchObject({ state: "claimed" });
  const handled: string[] = [];
  await pubsub.subscribe(Impatient, (_event, { id }) => void handled.push(id));
  await pubsub.publish(Payments, 1, { id: "held" });
  await expect.poll(() => pubsub.deadLetters(Impatient).count()).toBe(1);
  expect(await inbox.claim(PATH, "held", 1000)).toEqual({ state: "busy" });
  expect(handled).toEqual([]);
});

/** A worker elsewhere, for the claims that it finds. */
async function elsewhere(inbox: MemoryInbox, id: string): Promise<InboxClaim["state"]> {
  const claim = await inbox.claim(PATH, id, 60_000);
  if (claim.state === "claimed") await inbox.abandon(PATH, id, claim.token);
  return claim.state;
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));

describe("a handler that is given up", () => {
  const Long = defineSubscription(Payments, "book", {
    ackDeadlineMs: 60_000,
    maxConcurrency: 1,
    maxHandlingMs: 60_000,
    retryPolicy: { minBackoffMs: 0, maxBackoffMs: 0 },
  });

  test.each(["lost", "closed"] as const)("ends its claim when it obeys its signal (%s)", async (how) => {
    const inbox = new MemoryInbox();
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter, { inbox });
    const worker = await pubsub.subscribe(Long, (_event, { signal }) => untilAborted(signal));
    const delivery = adapter.deliver({ id: "a", body: Buffer.from("1") });
    await expect.poll(() => elsewhere(inbox, "a")).toBe("busy");
    if (how === "lost") adapter.sink.revoke(delivery);
    else await worker.close({ timeoutMs: 0 });
    await expect.poll(() => elsewhere(inbox, "a")).toBe("claimed");
  });

  test("keeps its claim while it goes on all the same, and its success counts", async () => {
    const inbox = new MemoryInbox();
    const adapter = new ScriptedAdapter();
    const clock = new VirtualClock();
    await using pubsub = await connect(adapter, { inbox, clock });
    let runs = 0;
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    const worker = await pubsub.subscribe(Long, async () => {
      runs += 1;
      await end;
    });
    adapter.deliver({ id: "a", body: Buffer.from("1") });
    await clock.advance(60_000);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry" }]);
    adapter.deliver({ id: "a", body: Buffer.from("1") }, 2);
    adapter.deliver({ id: "b", body: Buffer.from("1") });
    await clock.advance(30_000);
    // The copy waits, and holds no place: the other message has run.
    expect([runs, worker.health().running]).toEqual([2, 1]);
    expect(await elsewhere(inbox, "a")).toBe("busy");
    finish();
    await clock.advance(1);
    expect(runs).toBe(2);
    expect(adapter.settles.slice(1).map(({ id, attempt, how }) => [id, attempt, how])).toEqual([
      ["b", 1, "ack"],
      ["a", 2, "ack"],
    ]);
  });
});

test("a message that was lost before it ran gives its place to the next one, however long its claim takes to go back", async () => {
  const { promise: hung } = Promise.withResolvers<never>();
  const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
  const memory = new MemoryInbox();
  const inbox: InboxStore = {
    claim: async (path, id, leaseMs) => {
      if (id === "lost") await asked;
      return await memory.claim(path, id, leaseMs);
    },
    extend: async (path, id, token, leaseMs) => await memory.extend(path, id, token, leaseMs),
    complete: async (path, id, token, retainMs) => await memory.complete(path, id, token, retainMs),
    abandon: () => hung,
  };
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const pubsub = await connect(adapter, { inbox, clock });
  const handled: string[] = [];
  const worker = await pubsub.subscribe(Book, (_event, { id }) => void handled.push(id), { maxConcurrency: 1 });
  const lost = adapter.deliver({ id: "lost", body: Buffer.from("1") });
  adapter.sink.revoke(lost);
  adapter.deliver({ id: "next", body: Buffer.from("1") });
  answer();
  await clock.advance(1);
  expect(handled).toEqual(["next"]);
  expect(worker.health()).toMatchObject({ running: 0, abandoned: 0 });
  // What closing waits for is the claim, and no longer than for everything else.
  const closing = pubsub.close();
  await clock.advance(10_000);
  await closing;
});

test("copies of a message that somebody else handles hold no place, and go back when the worker closes", async () => {
  const inbox = new MemoryInbox();
  await inbox.claim(PATH, "busy", 60_000);
  const adapter = new ScriptedAdapter();
  await using pubsub = await connect(adapter, { inbox });
  const handled: string[] = [];
  const worker = await pubsub.subscribe(Book, (_event, { id }) => void handled.push(id), { maxConcurrency: 1 });
  adapter.deliver({ id: "busy", body: Buffer.from("1") });
  adapter.deliver({ id: "busy", body: Buffer.from("1") }, 2);
  adapter.deliver({ id: "free", body: Buffer.from("1") });
  await expect.poll(() => handled).toEqual(["free"]);
  expect(worker.health()).toMatchObject({ running: 0, waiting: 2 });
  await worker.close();
  expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([
    ["free", "ack"],
    ["busy", "release"],
    ["busy", "release"],
  ]);
});

test("a living handler is asked before the store: a claim that lapsed meanwhile is handed to nobody here", async () => {
  const inbox = new MemoryInbox();
  // Never renewed: as if the event loop had been blocked.
  inbox.extend = async () => true;
  const first = new ScriptedAdapter();
  const second = new ScriptedAdapter();
  await using one = await connect(first, { inbox });
  await using other = await connect(second, { inbox });
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  let runs = 0;
  const handler = async (): Promise<void> => {
    runs += 1;
    await end;
  };
  await one.subscribe(Book, handler);
  await other.subscribe(Book, handler);
  first.deliver({ id: "a", body: Buffer.from("1") });
  await expect.poll(async () => (await inbox.claim(PATH, "probe", 1)).state).toBe("claimed");
  await expect.poll(() => elsewhere(inbox, "a"), { timeout: 5000 }).toBe("claimed");
  second.deliver({ id: "a", body: Buffer.from("1") });
  await expect.poll(() => other.health().subscriptions[0]).toMatchObject({ running: 0, waiting: 1 });
  expect(runs).toBe(1);
  finish();
  await expect.poll(() => first.settles.length).toBe(1);
});

describe("a store that fails", () => {
  test("is asked again for a mark that it may have set: the handler does not run twice", async () => {
    const inbox = new MemoryInbox();
    const complete = inbox.complete.bind(inbox);
    let failures = 0;
    inbox.complete = async (...args) => {
      const held = await complete(...args);
      if ((failures += 1) === 1) throw new Error("the answer was lost");
      return held;
    };
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter, { inbox });
    await pubsub.subscribe(Book, () => {});
    adapter.deliver({ id: "a", body: Buffer.from("1") });
    await expect.poll(() => adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
    expect(failures).toBe(2);
  });

  test("has the claim back when it never takes the mark, and the message is retried", async () => {
    const inbox = new MemoryInbox();
    inbox.complete = async () => Promise.reject(new Error("read only"));
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter, { inbox });
    await pubsub.subscribe(Book, () => {});
    adapter.deliver({ id: "a", body: Buffer.from("1") });
    await expect.poll(() => adapter.settles, { timeout: 5000 }).toMatchObject([{ id: "a", how: "retry" }]);
    expect(await elsewhere(inbox, "a")).toBe("claimed");
  });

  test("gives a message back whose claim another has taken", async () => {
    const inbox = new MemoryInbox();
    inbox.complete = async () => false;
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter, { inbox });
    await pubsub.subscribe(Book, () => {});
    adapter.deliver({ id: "a", body: Buffer.from("1") });
    await expect.poll(() => adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
  });
});

describe("a message that is lost while an asynchronous schema looks at it", () => {
  test.each([
    ["lost", "fits"],
    ["lost", "does not fit"],
    ["closed", "fits"],
  ] as const)("is not run, and its claim ends (%s, %s)", async (how, fits) => {
    const { promise: answer, resolve: goOn } = Promise.withResolvers<void>();
    let asked = 0;
    const schema: StandardSchema<number> = {
      "~standard": {
        version: 1,
        vendor: "test",
        async validate(value) {
          asked += 1;
          await answer;
          return fits === "fits" ? { value: value as number } : { issues: [{ message: "no" }] };
        },
      },
    };
    const topic = defineTopic("payments", { deliveryGuarantee: "exactly-once", schema });
    const Slow = defineSubscription(topic, "book", { ackDeadlineMs: 60_000, maxHandlingMs: 60_000 });
    const inbox = new MemoryInbox();
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter, { inbox });
    let runs = 0;
    const worker = await pubsub.subscribe(Slow, () => (runs += 1));
    const delivery = adapter.deliver({ id: "a", body: Buffer.from("1") });
    await expect.poll(() => asked).toBe(1);
    if (how === "lost") adapter.sink.revoke(delivery);
    else await worker.close({ timeoutMs: 0 });
    goOn();
    await expect.poll(() => elsewhere(inbox, "a")).toBe("claimed");
    expect(runs).toBe(0);
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0 });
  });
});

describe("the ack of the pull form", () => {
  test.each([
    ["the store cannot say", () => Promise.reject(new Error("read only")), { message: "read only" }, "retry"],
    ["the claim was another's by then", () => Promise.resolve(false), { code: "LEASE_LOST" }, "release"],
  ] as const)("rejects when %s", async (_why, complete, reason, how) => {
    const inbox = new MemoryInbox();
    inbox.complete = complete;
    const adapter = new ScriptedAdapter();
    await using pubsub = await connect(adapter, { inbox });
    await using deliveries = pubsub.deliveries(Book);
    const next = deliveries.next();
    await expect.poll(() => adapter.maxOutstanding).toBeGreaterThan(0);
    adapter.deliver({ id: "a", body: Buffer.from("1") });
    const { value: delivery } = await next;
    await expect(delivery?.ack()).rejects.toMatchObject(reason);
    expect(adapter.settles).toMatchObject([{ id: "a", how }]);
  });
});
