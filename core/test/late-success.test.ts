import { connect, PubSubError, type HandlerResult, type Worker } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { BlockableClock } from "./blockable-clock.ts";
import { KeyedSub, opened, Sub, turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

interface Blockable {
  readonly adapter: ScriptedAdapter;
  readonly clock: BlockableClock;
  readonly errors: unknown[];
  readonly ran: string[];
  readonly worker: Worker;
}

async function blockable(
  handler: (clock: BlockableClock, id: string) => HandlerResult,
  sub: typeof Sub = Sub,
  lease: "renewable" | "connection" = "renewable",
): Promise<Blockable> {
  const clock = new BlockableClock();
  const adapter = new ScriptedAdapter({ durability: "broker", lease });
  const errors: unknown[] = [];
  const quiet = (): void => {};
  const logger = { debug: quiet, info: quiet, warn: quiet, error: (fields: object) => void errors.push(fields) };
  const pubsub = await connect(adapter, { clock, logger });
  const ran: string[] = [];
  const worker = await pubsub.subscribe(sub, (_event, { id, attempt }) => {
    ran.push(`${id}.${attempt}`);
    return handler(clock, id);
  });
  return { adapter, clock, errors, ran, worker };
}

describe("a success after its lease", () => {
  it("is acknowledged all the same, and a redelivery to this process is not run again", async () => {
    let finish = (): void => {};
    const { adapter } = await opened(Sub, () => new Promise<void>((resolve) => (finish = resolve)));
    adapter.sink.revoke(adapter.deliver({ id: "a" }));
    finish();
    await turn();
    adapter.deliver({ id: "a" }, 2);
    await turn();
    expect(adapter.settles).toMatchObject([
      { id: "a", attempt: 1, how: "ack" },
      { id: "a", attempt: 2, how: "ack" },
    ]);
  });

  it("does not keep a redriven letter, or another publish of the id, from running", async () => {
    let runs = 0;
    const { adapter } = await opened(Sub, () => void (runs += 1));
    adapter.settleAnswer = () => Promise.reject(new PubSubError("LEASE_LOST", "too late"));
    adapter.deliver({ id: "a" }, 2);
    await turn();
    adapter.deliver({ id: "a" }, 1);
    adapter.deliver({ id: "a", publishTimeMs: 5 }, 3);
    adapter.deliver({ id: "a" }, 9);
    await turn();
    expect(runs).toBe(3);
    expect(adapter.letters).toEqual([]);
  });

  it("does not keep the retries of a redriven letter from running", async () => {
    const ran: number[] = [];
    let fails = false;
    const { adapter } = await opened(Sub, (_event, { attempt }) => {
      ran.push(attempt);
      if (fails) throw new Error("fails");
    });
    adapter.settleAnswer = () => Promise.reject(new PubSubError("LEASE_LOST", "too late"));
    adapter.deliver({ id: "a" });
    await turn();
    fails = true;
    adapter.deliver({ id: "a" }, 1);
    await turn();
    adapter.deliver({ id: "a" }, 2);
    await turn();
    expect(ran).toEqual([1, 1, 2]);
  });

  it("is not a success of the handler when it failed", async () => {
    let fail = (): void => {};
    const { adapter } = await opened(Sub, () => new Promise<void>((_resolve, reject) => (fail = () => reject(null)))); // oxlint-disable-line prefer-promise-reject-errors -- handlers do that
    adapter.sink.revoke(adapter.deliver({ id: "a" }));
    fail();
    await turn();
    expect(adapter.settles).toEqual([]);
  });
});

describe("an event loop that was blocked for longer than a lease", () => {
  it("is in the log and in health, and what it handled counts, however often the broker sends it again", async () => {
    const { adapter, clock, errors, ran, worker } = await blockable((held) => held.block(5000));
    adapter.deliver({ id: "a" });
    await turn();
    clock.fire();
    adapter.deliver({ id: "a" }, 2);
    adapter.deliver({ id: "a" }, 9);
    await turn();
    expect(ran).toEqual(["a.1"]);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack", "ack"]);
    expect(adapter.letters).toEqual([]);
    expect(worker.health().longestBlockMs).toBe(4000);
    expect(errors).toMatchObject([{ blockedMs: 4000, ackDeadlineMs: 3000 }]);
  });

  it("still counts what it handled when leases were renewed after that and before the handler ended", async () => {
    const { promise: end, resolve: finish } = Promise.withResolvers<void>();
    const { adapter, clock, ran } = await blockable(async (held) => {
      held.block(5000);
      await end;
    });
    adapter.deliver({ id: "a" });
    clock.fire();
    finish();
    await turn();
    adapter.deliver({ id: "a" }, 2);
    await turn();
    expect(ran).toEqual(["a.1"]);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack"]);
  });

  it("starts nothing whose lease has ended meanwhile, and what is renewed in time as ever", async () => {
    const { adapter, clock, ran } = await blockable(async (held, id) => {
      await Promise.resolve();
      if (id === "blocks") held.block(5000);
      return await (id === "slow" ? new Promise(() => {}) : undefined);
    });
    for (const id of ["slow", "blocks", "waiting", "behind"]) adapter.deliver({ id });
    await turn();
    clock.fire();
    await turn();
    expect(ran).toEqual(["slow.1", "blocks.1"]);
    expect(adapter.settles).toMatchObject([
      { id: "blocks", how: "ack" },
      { id: "waiting", how: "release" },
      { id: "behind", how: "release" },
    ]);
    adapter.deliver({ id: "fresh" });
    await turn();
    expect(ran.at(-1)).toBe("fresh.1");
  });

  it("keeps the order of a key whose messages it gave back, and loses none of them", async () => {
    const { adapter, clock, ran } = await blockable(async (held, id) => {
      await Promise.resolve();
      if (id === "a1") held.block(5000);
    }, KeyedSub);
    for (const id of ["a1", "a2", "a3"]) adapter.deliver({ id, orderingKey: "a" });
    await turn();
    clock.fire();
    expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([
      ["a1", "ack"],
      ["a2", "release"],
      ["a3", "release"],
    ]);
    adapter.deliver({ id: "a3", orderingKey: "a" }, 2);
    await turn();
    expect(ran).toEqual(["a1.1"]);
    adapter.deliver({ id: "a2", orderingKey: "a" }, 2);
    await turn();
    expect(ran).toEqual(["a1.1", "a2.2", "a3.2"]);
  });

  it("gives back a later message of the key that came meanwhile, together with the one whose lease has ended", async () => {
    let arrives = (): void => {};
    const { adapter, ran } = await blockable(async (held, id) => {
      await Promise.resolve();
      if (id !== "a1") return;
      held.block(5000);
      arrives();
    }, KeyedSub);
    arrives = () => void adapter.deliver({ id: "a3", orderingKey: "a" });
    for (const id of ["a1", "a2"]) adapter.deliver({ id, orderingKey: "a" });
    await turn();
    // Before any timer of the worker can notice that the event loop was blocked.
    expect(ran).toEqual(["a1.1"]);
    expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([
      ["a1", "ack"],
      ["a2", "release"],
      ["a3", "release"],
    ]);
  });

  it("gives back what waits behind handlers that go on, before anything is renewed", async () => {
    const { adapter, clock, ran } = await blockable(() => new Promise(() => {}));
    for (const id of ["a", "b", "waiting"]) adapter.deliver({ id });
    await turn();
    clock.block(5000);
    clock.fire();
    expect(ran).toEqual(["a.1", "b.1"]);
    expect(adapter.settles).toMatchObject([{ id: "waiting", how: "release" }]);
    expect(adapter.extended.flat()).not.toContain("waiting");
  });

  it("is nothing where a lease lasts as long as its connection", async () => {
    const { adapter, clock, errors, worker } = await blockable(() => new Promise(() => {}), Sub, "connection");
    for (const id of ["a", "b", "waiting"]) adapter.deliver({ id });
    await turn();
    clock.block(5000);
    clock.fire();
    expect(adapter.settles).toEqual([]);
    expect(errors).toEqual([]);
    expect(worker.health().longestBlockMs).toBe(0);
  });

  it("keeps what came while it was blocked: its lease has just begun", async () => {
    const { adapter, clock } = await blockable(() => new Promise(() => {}));
    for (const id of ["a", "b", "waiting"]) adapter.deliver({ id });
    await turn();
    clock.block(5000);
    adapter.deliver({ id: "fresh" });
    clock.fire();
    expect(adapter.settles.map(({ id, how }) => [id, how])).toEqual([["waiting", "release"]]);
    expect(adapter.extended.flat()).toContain("fresh");
  });

  it("tells the broker of which messages another worker may have one already", async () => {
    const { adapter, clock } = await blockable(() => new Promise(() => {}));
    for (const id of ["a", "b", "waiting"]) adapter.deliver({ id });
    await turn();
    clock.block(5000);
    clock.fire();
    expect(adapter.endedLeases).toEqual(["waiting"]);
  });
});
