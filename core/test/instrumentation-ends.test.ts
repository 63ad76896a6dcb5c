// Over 300 lines: one table of all ways in which an attempt can end.
import {
  connect,
  defineSubscription,
  defineTopic,
  MemoryInbox,
  PubSubError,
  Reject,
  RetryAfter,
  VirtualClock,
  type Delivery,
  type Handler,
  type HandlerContext,
  type InboxStore,
  type PubSub,
  type StandardSchema,
  type Subscription,
  type Worker,
} from "@anytopic/core";
import { describe, expect, test } from "vitest";

import { AttemptRecorder } from "./attempt-recorder.ts";
import { turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const retryPolicy = { minBackoffMs: 100, maxBackoffMs: 1000, maxRetries: 2, jitter: 0 };
const options = { retryPolicy, maxConcurrency: 2, ackDeadlineMs: 3000, maxHandlingMs: 10_000 };
const Sub = defineSubscription(defineTopic<object>("events"), "sub", options);
const Once = defineSubscription(defineTopic<object>("once", { deliveryGuarantee: "exactly-once" }), "sub", options);

/** A schema whose answers the test gives. */
let validated = Promise.withResolvers<object>();
const slowSchema: StandardSchema<object, object> = {
  "~standard": { version: 1, vendor: "test", validate: async () => ({ value: await validated.promise }) },
};
const refusing: StandardSchema<object, object> = {
  "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no" }] }) },
};
const Checked = defineSubscription(defineTopic("checked", { schema: slowSchema }), "sub", options);
const Refused = defineSubscription(defineTopic("refused", { schema: refusing }), "sub", options);

interface Stage {
  readonly adapter: ScriptedAdapter;
  readonly clock: VirtualClock;
  readonly recorder: AttemptRecorder;
  readonly pubsub: PubSub;
}

async function stage(inbox?: InboxStore): Promise<Stage> {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const recorder = new AttemptRecorder();
  const { observer } = recorder;
  const pubsub = await connect(adapter, {
    clock,
    observer,
    random: () => 0.5,
    instrumentation: [recorder],
    ...(inbox === undefined ? {} : { inbox }),
  });
  return { adapter, clock, recorder, pubsub };
}

interface Row {
  readonly name: string;
  readonly sub?: Subscription<object>;
  readonly inbox?: () => InboxStore;
  /** What the handler does. @default returns */
  readonly handler?: (context: HandlerContext) => unknown;
  /** What happens to the message. @default one delivery */
  readonly act?: (stage: Stage, worker: Worker) => Promise<void>;
  /** The ends, in their order. */
  readonly ends: readonly string[];
}

const never = (): Promise<never> => new Promise(() => {});
const returning = (value: unknown) => (): unknown => value;
const throwing = (error: unknown) => (): never => {
  throw error;
};

const rows: readonly Row[] = [
  { name: "returns", ends: ["handler ack"] },
  { name: "resolves", handler: async () => await turn(), ends: ["handler ack"] },
  { name: "throws", handler: throwing(new Error("no")), ends: ["handler retry"] },
  { name: "throws nothing", handler: throwing(undefined), ends: ["handler retry"] },
  {
    name: "rejects with null",
    handler: async () => await Promise.reject(null),
    ends: ["handler retry"],
  },
  { name: "throws RetryAfter", handler: throwing(new RetryAfter(5000)), ends: ["handler retry"] },
  { name: "throws Reject", handler: throwing(new Reject("never")), ends: ["handler dead-letter rejected"] },
  {
    name: "returns what throws when it is looked at",
    handler: () => ({
      // oxlint-disable-next-line unicorn/no-thenable -- what a handler may return
      get then(): never {
        throw new Error("trap");
      },
    }),
    ends: ["handler retry"],
  },
  {
    name: "fails in its last attempt",
    handler: throwing(new Error("no")),
    act: async ({ adapter }) => void adapter.deliver({ id: "a" }, 3),
    ends: ["handler dead-letter retries-exhausted"],
  },
  {
    name: "returns after its deadline",
    handler: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
    act: async ({ adapter, clock }) => {
      adapter.deliver({ id: "a" });
      await clock.advance(11_000);
    },
    ends: ["handler retry"],
  },
  {
    name: "never returns",
    handler: never,
    act: async ({ adapter, clock }) => {
      adapter.deliver({ id: "a" });
      await clock.advance(11_000);
    },
    ends: ["handler retry"],
  },
  {
    name: "loses its message and succeeds later",
    handler: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
    act: async ({ adapter }) => void adapter.sink.revoke(adapter.deliver({ id: "a" })),
    ends: ["handler lost"],
  },
  {
    name: "loses its message while it runs synchronously",
    act: async ({ adapter }) => void adapter.deliver({ id: "inside" }),
    ends: ["handler lost"],
  },
  {
    name: "loses its message and never returns",
    handler: never,
    act: async ({ adapter, clock }) => {
      adapter.deliver({ id: "a" });
      adapter.sink.revokeAll();
      await clock.advance(11_000);
    },
    ends: ["handler lost"],
  },
  {
    name: "succeeds late, and its redelivery does not run",
    handler: ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
    act: async ({ adapter }) => {
      adapter.sink.revoke(adapter.deliver({ id: "a" }));
      await turn();
      adapter.deliver({ id: "a" }, 2);
    },
    ends: ["handler lost", "skip ack"],
  },
  {
    name: "fails for ever, and its letter cannot be stored before the second time",
    handler: throwing(new Reject("never")),
    act: async ({ adapter }) => {
      adapter.storeFailure = new PubSubError("UNAVAILABLE", "no letters today");
      adapter.deliver({ id: "a" });
      await turn();
      adapter.storeFailure = undefined;
      adapter.deliver({ id: "a" }, 2);
      await turn();
    },
    ends: ["handler retry", "skip dead-letter rejected"],
  },
  ...[undefined, new PubSubError("UNAVAILABLE", "no")].map((failure): Row => ({
    name: `fails for ever, and is lost while its letter is stored, which ${failure === undefined ? "works" : "fails"}`,
    handler: throwing(new Reject("never")),
    act: async ({ adapter }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      adapter.storing = promise;
      adapter.storeFailure = failure;
      const delivery = adapter.deliver({ id: "a" });
      await turn();
      adapter.sink.revoke(delivery);
      resolve();
      await turn();
    },
    ends: [failure === undefined ? "handler dead-letter rejected" : "handler lost"],
  })),
  {
    name: "is abandoned by close",
    handler: never,
    act: async ({ adapter }, worker) => {
      adapter.deliver({ id: "a" });
      await worker.close({ timeoutMs: 0 });
    },
    ends: ["handler release"],
  },
  {
    name: "fails for ever, and its letter is not stored when the worker is closed",
    handler: throwing(new Reject("never")),
    act: async ({ adapter, clock }, worker) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      adapter.storing = promise;
      adapter.deliver({ id: "a" });
      const closing = worker.close({ timeoutMs: 0 });
      await clock.advance(6000);
      await closing;
      resolve();
    },
    ends: ["handler release"],
  },
  {
    name: "does not start: it cannot be decoded",
    act: async ({ adapter }) => void adapter.deliver({ id: "a", body: Buffer.from("{") }),
    ends: ["skip dead-letter undecodable"],
  },
  {
    name: "does not start: the driver could not read it",
    act: async ({ adapter }) => void adapter.deliver({ id: "a", undecodable: new Error("what") }),
    ends: ["skip dead-letter undecodable"],
  },
  { name: "does not start: the schema refuses it", sub: Refused, ends: ["skip dead-letter invalid"] },
  {
    name: "does not start: workers died in all attempts",
    act: async ({ adapter }) => void adapter.deliver({ id: "a" }, 4),
    ends: ["skip dead-letter retries-exhausted"],
  },
  {
    name: "does not start: it is lost while its schema waits",
    sub: Checked,
    act: async ({ adapter }) => {
      const delivery = adapter.deliver({ id: "a" });
      adapter.sink.revoke(delivery);
      validated.resolve({});
    },
    ends: ["skip lost"],
  },
  {
    name: "does not start: closing does not wait for its schema",
    sub: Checked,
    act: async ({ adapter }, worker) => {
      adapter.deliver({ id: "a" });
      await worker.close({ timeoutMs: 0 });
      validated.resolve({});
    },
    ends: ["skip release"],
  },
  {
    name: "does not start: it was handled before",
    sub: Once,
    act: async ({ adapter }) => {
      adapter.deliver({ id: "a" });
      await turn();
      adapter.deliver({ id: "a" }, 2);
    },
    ends: ["handler ack", "skip ack"],
  },
  {
    name: "does not start: the inbox fails",
    sub: Once,
    inbox: () => ({ ...inboxOf(new MemoryInbox()), claim: async () => await Promise.reject(new Error("no inbox")) }),
    ends: ["skip retry"],
  },
  {
    name: "cannot be marked in the inbox",
    sub: Once,
    inbox: () => ({ ...inboxOf(new MemoryInbox()), complete: async () => await Promise.reject(new Error("no inbox")) }),
    act: async ({ adapter, clock }) => {
      adapter.deliver({ id: "a" });
      await clock.advance(2000);
    },
    ends: ["handler retry"],
  },
  {
    name: "loses its claim to another",
    sub: Once,
    inbox: () => ({ ...inboxOf(new MemoryInbox()), complete: async () => false }),
    ends: ["handler release"],
  },
  {
    name: "does not start: another has its claim until closing",
    sub: Once,
    inbox: () => ({ ...inboxOf(new MemoryInbox()), claim: async () => ({ state: "busy" }) }),
    act: async ({ adapter, clock }, worker) => {
      adapter.deliver({ id: "a" });
      await clock.advance(1200);
      await worker.close();
    },
    ends: ["skip release"],
  },
  {
    name: "does not start: another has its claim when it is lost",
    sub: Once,
    inbox: () => ({ ...inboxOf(new MemoryInbox()), claim: async () => ({ state: "busy" }) }),
    act: async ({ adapter, clock }) => {
      const delivery = adapter.deliver({ id: "a" });
      await clock.advance(1200);
      adapter.sink.revoke(delivery);
      await clock.advance(1200);
    },
    ends: ["skip lost"],
  },
  {
    name: "does not start: another has its claim for as long as a handler may take",
    sub: Once,
    inbox: () => ({ ...inboxOf(new MemoryInbox()), claim: async () => ({ state: "busy" }) }),
    act: async ({ adapter, clock }) => {
      adapter.deliver({ id: "a" });
      await clock.advance(11_000);
    },
    ends: ["skip retry"],
  },
];

/** The methods of a store, which are not its own properties. */
function inboxOf(store: InboxStore): InboxStore {
  return {
    claim: (...args) => store.claim(...args),
    extend: (...args) => store.extend(...args),
    complete: (...args) => store.complete(...args),
    abandon: (...args) => store.abandon(...args),
  };
}

describe("an attempt ends once for an instrumentation, and an observer has seen its delivery once: its handler", () => {
  test.for(rows.map((row) => [row.name, row] as const))("%s", async ([, row]) => {
    validated = Promise.withResolvers<object>();
    const own = await stage(row.inbox?.());
    const { adapter, recorder, pubsub } = own;
    const handler = (_event: object, context: HandlerContext): unknown => {
      if (context.id === "inside") adapter.sink.revokeAll();
      return (row.handler ?? returning(undefined))(context);
    };
    const worker = await pubsub.subscribe(row.sub ?? Sub, handler as Handler<object>);
    if (row.act === undefined) adapter.deliver({ id: "a" });
    else await row.act(own, worker);
    await turn();
    await turn();
    expect(recorder.outcomes).toEqual(row.ends);
    await pubsub.close({ timeoutMs: 0 });
    await turn();
    expect(recorder.outcomes).toEqual(row.ends);
    expect(recorder.unpaired).toEqual([]);
  });
});

type Settle = readonly [string, (delivery: Delivery<object>) => Promise<unknown>, string];

describe("an attempt of the pull form ends once", () => {
  const settles: readonly Settle[] = [
    ["ack", (delivery) => delivery.ack(), "reader ack"],
    ["retry", (delivery) => delivery.retry(), "reader retry"],
    ["reject", (delivery) => delivery.reject("never"), "reader dead-letter rejected"],
    ["release", (delivery) => delivery.release(), "reader release"],
    ["nothing", async () => await Promise.resolve(), "reader release"],
  ];
  test.for(settles)("with %s of its reader", async ([, settle, end]) => {
    const { adapter, recorder, pubsub } = await stage();
    const deliveries = pubsub.deliveries(Sub);
    const next = deliveries.next();
    await turn();
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "unread" });
    const { value } = await next;
    expect(recorder.began).toEqual(["a 1"]);
    if (value !== undefined) await settle(value);
    await deliveries.close();
    await pubsub.close();
    expect(recorder.outcomes.toSorted()).toEqual([end, "skip release"]);
    expect(recorder.unpaired).toEqual([]);
  });

  test("also when it was fetched before somebody reads, and is lost then", async () => {
    const { adapter, recorder, pubsub } = await stage();
    const deliveries = pubsub.deliveries(Sub);
    await turn();
    const delivery = adapter.deliver({ id: "a" });
    expect(recorder.began).toEqual([]);
    const { value } = await deliveries.next();
    expect(recorder.began).toEqual(["a 1"]);
    adapter.sink.revoke(delivery);
    await expect(value?.ack()).rejects.toThrow("no longer belongs");
    await pubsub.close();
    expect(recorder.outcomes).toEqual(["reader lost"]);
    expect(recorder.unpaired).toEqual([]);
  });

  test("also when its reader comes after it was lost, and does not get it", async () => {
    const { adapter, recorder, pubsub } = await stage();
    const deliveries = pubsub.deliveries(Sub);
    await turn();
    adapter.sink.revoke(adapter.deliver({ id: "a" }));
    expect(recorder.outcomes).toEqual(["skip lost"]);
    const next = deliveries.next();
    await pubsub.close({ timeoutMs: 0 });
    expect(await next).toEqual({ done: true, value: undefined });
    expect(recorder.outcomes).toEqual(["skip lost"]);
    expect(recorder.unpaired).toEqual([]);
  });
});

test("an end says why, and how long the handler has taken", async () => {
  const { adapter, clock, recorder, pubsub } = await stage();
  const error = new Error("no");
  const { promise, resolve } = Promise.withResolvers<void>();
  adapter.storing = promise;
  const handler = async (_event: object, { id }: HandlerContext): Promise<void> => {
    await new Promise<void>((after) => clock.setTimer(after, 40));
    if (id === "reject") throw new Reject("never");
    if (id === "fail") throw error;
  };
  await pubsub.subscribe(Sub, handler);
  for (const id of ["fail", "reject"]) adapter.deliver({ id });
  await clock.advance(40);
  await clock.advance(500);
  resolve();
  await turn();
  expect(recorder.ends.map(({ end }) => end)).toEqual([
    { outcome: "retry", delayMs: 100, reason: undefined, error, durationMs: 40 },
    {
      outcome: "dead-letter",
      delayMs: undefined,
      reason: "rejected",
      error: expect.any(Reject) as Reject,
      durationMs: 40,
    },
  ]);
  await pubsub.close();
});

test("the time of a handler ends with it: at its deadline, and before its claim ends", async () => {
  const slow = inboxOf(new MemoryInbox());
  const { promise, resolve } = Promise.withResolvers<void>();
  const complete: InboxStore["complete"] = async (...args) => {
    await promise;
    return await slow.complete(...args);
  };
  const { adapter, clock, recorder, pubsub } = await stage({ ...slow, complete });
  await pubsub.subscribe(Sub, never);
  adapter.deliver({ id: "late" }, 3);
  adapter.storing = promise;
  await clock.advance(9000);
  await pubsub.subscribe(Once, () => undefined);
  adapter.deliver({ id: "claimed" });
  await clock.advance(2000);
  resolve();
  await turn();
  await turn();
  expect(recorder.ends.map(({ id, end }) => [id, end.outcome, end.durationMs])).toEqual([
    ["late", "dead-letter", 10_000],
    ["claimed", "ack", 0],
  ]);
  await pubsub.close({ timeoutMs: 0 });
});
