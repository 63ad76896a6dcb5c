import type { Instrumentation } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { elsewhere, Gate, LEASE_MS, late, SLOW, slowSchema, starts, subscriptionOf } from "./late-starts.ts";
import { turn } from "./opened-worker.ts";

const waiting = (gate: Gate, id: string): Instrumentation => ({
  async handle(attempt, run) {
    if (attempt.id === id) await gate.pass();
    return await run();
  },
});

describe("an asynchronous schema that answers late", () => {
  it("starts no handler when the claim was refused meanwhile: the inbox is asked again", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ once: true, schema: slowSchema(gate) }), handler);
    adapter.deliver({ id: "a", body: SLOW });
    await turn();
    inbox.extend = async () => false;
    clock.block(LEASE_MS / 2);
    clock.fire();
    await turn();
    clock.block(LEASE_MS / 2);
    expect(await elsewhere(inbox, "a", "completes")).toBe("claimed");
    gate.open();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("starts the handler when the claim was renewed meanwhile", async () => {
    const { adapter, clock, pubsub } = await late("connection");
    const gate = new Gate();
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ once: true, schema: slowSchema(gate) }), handler);
    adapter.deliver({ id: "a", body: SLOW });
    await turn();
    for (let thirds = 0; thirds < 6; thirds += 1) {
      clock.block(LEASE_MS / 3);
      clock.fire();
      await turn();
    }
    gate.open();
    await turn();
    expect(ran).toEqual(["a.1"]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("starts no handler whose lease has ended, and what waits behind it goes back too", async () => {
    const { adapter, clock, pubsub } = await late("renewable");
    const gate = new Gate();
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ keyed: true, schema: slowSchema(gate) }), handler);
    adapter.deliver({ id: "a1", orderingKey: "a", body: SLOW });
    clock.block(LEASE_MS);
    clock.fire();
    // What comes from now on is leased anew, but is later than what another worker may have.
    adapter.deliver({ id: "a2", orderingKey: "a" });
    await turn();
    gate.open();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["a1 release", "a2 release"]);
    expect(adapter.endedLeases).toEqual(["a1"]);
    for (const id of ["a2", "a1"]) adapter.deliver({ id, orderingKey: "a" });
    await turn();
    expect(ran).toEqual(["a1.1", "a2.1"]);
  });
});

describe("an instrumentation that waits too long before the handler", () => {
  it.each([["renewable"], ["connection"]] as const)(
    "starts none with a lapsed claim, and that is no failed attempt (lease %s)",
    async (lease) => {
      const gate = new Gate();
      const failures: unknown[] = [];
      const wraps: Instrumentation = {
        async handle(_attempt, run) {
          try {
            return await run();
          } catch (error) {
            failures.push(error);
            throw new Error("wrapped", { cause: error });
          }
        },
      };
      const { adapter, clock, inbox, pubsub } = await late(lease, { instrumentation: [wraps, waiting(gate, "a")] });
      const { ran, handler } = starts();
      const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler);
      adapter.deliver({ id: "a" });
      await turn();
      clock.block(LEASE_MS);
      gate.open();
      await turn();
      expect(ran).toEqual([]);
      expect(failures).toMatchObject([{ code: "LEASE_LOST" }]);
      expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
      expect(adapter.endedLeases).toEqual(lease === "renewable" ? ["a"] : []);
      expect(await elsewhere(inbox, "a", "gives back")).toBe("claimed");
      expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
    },
  );

  it("starts none whose lease has ended, and what waits behind it goes back too", async () => {
    const gate = new Gate();
    const { adapter, clock, pubsub } = await late("renewable", { instrumentation: [waiting(gate, "a1")] });
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ keyed: true }), handler);
    adapter.deliver({ id: "a1", orderingKey: "a" });
    clock.block(LEASE_MS);
    clock.fire();
    adapter.deliver({ id: "a2", orderingKey: "a" });
    gate.open();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["a1 release", "a2 release"]);
  });

  it("cannot make a success of it", async () => {
    const gate = new Gate();
    const swallows: Instrumentation = { handle: async (_attempt, run) => await Promise.resolve(run()).catch(() => {}) };
    const { adapter, clock, inbox, pubsub } = await late("connection", {
      instrumentation: [swallows, waiting(gate, "a")],
    });
    await pubsub.subscribe(subscriptionOf({ once: true }), starts().handler);
    adapter.deliver({ id: "a" });
    await turn();
    clock.block(LEASE_MS);
    gate.open();
    await turn();
    expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
    expect(await elsewhere(inbox, "a", "gives back")).toBe("claimed");
  });
});

describe("a delivery that nobody has read", () => {
  it("is not given to a reader when its lease has ended", async () => {
    const { adapter, clock, pubsub } = await late("renewable");
    await using deliveries = pubsub.deliveries(subscriptionOf({}));
    await expect.poll(() => adapter.maxOutstanding).toBeGreaterThan(0);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    clock.fire();
    adapter.deliver({ id: "b" });
    expect((await deliveries.next()).value?.id).toBe("b");
    expect(adapter.endedLeases).toEqual(["a"]);
  });

  it("is not given to a reader when its claim was refused: the inbox is asked again", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    await using deliveries = pubsub.deliveries(subscriptionOf({ once: true }));
    await expect.poll(() => adapter.maxOutstanding).toBeGreaterThan(0);
    for (const id of ["a", "b"]) adapter.deliver({ id });
    await turn();
    clock.block(LEASE_MS);
    const extend = inbox.extend.bind(inbox);
    inbox.extend = async (path, id, token, leaseMs) => id !== "a" && (await extend(path, id, token, leaseMs));
    expect(await elsewhere(inbox, "a", "completes")).toBe("claimed");
    clock.fire();
    await turn();
    const next = await deliveries.next();
    expect(next.value?.id).toBe("b");
    expect(await next.value?.ack()).toBe("settled");
    expect(adapter.settles).toMatchObject([
      { id: "a", how: "ack" },
      { id: "b", how: "ack" },
    ]);
  });

  it("is not given to a reader when it was lost, and holds its place no longer", async () => {
    const { adapter, pubsub } = await late("renewable");
    await using deliveries = pubsub.deliveries(subscriptionOf({}));
    await expect.poll(() => adapter.maxOutstanding).toBeGreaterThan(0);
    const lost = adapter.deliver({ id: "a" });
    adapter.sink.revoke(lost);
    adapter.deliver({ id: "b" });
    expect((await deliveries.next()).value?.id).toBe("b");
    expect(pubsub.health().subscriptions).toMatchObject([{ running: 1, abandoned: 0, waiting: 0 }]);
  });
});
