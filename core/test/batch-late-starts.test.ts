import type { BatchHandler, Instrumentation } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { answerLate, elsewhere, Gate, LEASE_MS, late, SLOW, slowSchema, subscriptionOf } from "./late-starts.ts";
import { turn } from "./opened-worker.ts";

const BATCH = { batch: { maxMessages: 2 } };

function calls() {
  const called: string[][] = [];
  const handler: BatchHandler<object> = (_, contexts) => void called.push(contexts.map(({ id }) => id));
  return { called, handler };
}

describe("a message that waits for the others of its batch", () => {
  it("is not handled when its claim has lapsed meanwhile: the inbox is asked again", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    answerLate(inbox, gate, "b");
    const { called, handler } = calls();
    const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler, BATCH);
    for (const id of ["a", "b"]) adapter.deliver({ id });
    await turn();
    clock.block(LEASE_MS);
    expect(await elsewhere(inbox, "a", "completes")).toBe("claimed");
    gate.open();
    await turn();
    // Both are asked for again. The one that is left waits for the others of another batch.
    clock.block(100);
    clock.fire();
    await turn();
    clock.block(100);
    clock.fire();
    await turn();
    expect(called).toEqual([["b"]]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`).toSorted()).toEqual(["a ack", "b ack"]);
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
  });

  it("is not handled when its claim was refused, and the others are", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    const { called, handler } = calls();
    await pubsub.subscribe(subscriptionOf({ once: true, schema: slowSchema(gate) }), handler, BATCH);
    adapter.deliver({ id: "a" });
    adapter.deliver({ id: "b", body: SLOW });
    await turn();
    const extend = inbox.extend.bind(inbox);
    inbox.extend = async (path, id, token, leaseMs) => id !== "a" && (await extend(path, id, token, leaseMs));
    clock.block(LEASE_MS / 2);
    clock.fire();
    await turn();
    gate.open();
    await turn();
    expect(called).toEqual([["b"]]);
    clock.block(100);
    clock.fire();
    await turn();
    expect(called).toEqual([["b"], ["a"]]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["b ack", "a ack"]);
  });

  it("is not handled when its lease has ended, and what waits behind it goes back too", async () => {
    const { adapter, clock, pubsub } = await late("renewable");
    const gate = new Gate();
    const { called, handler } = calls();
    await pubsub.subscribe(subscriptionOf({ keyed: true, schema: slowSchema(gate) }), handler, BATCH);
    adapter.deliver({ id: "a1", orderingKey: "a" });
    adapter.deliver({ id: "b1", orderingKey: "b", body: SLOW });
    await turn();
    clock.block(LEASE_MS);
    clock.fire();
    adapter.deliver({ id: "a2", orderingKey: "a" });
    gate.open();
    await turn();
    expect(called).toEqual([]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["b1 release", "a1 release", "a2 release"]);
    expect(adapter.endedLeases).toEqual(["b1", "a1"]);
  });
});

describe("an instrumentation that waits too long for one message of a batch", () => {
  it.each([["renewable"], ["connection"]] as const)("lets nothing lapsed be handled (lease %s)", async (lease) => {
    const gate = new Gate();
    const slow: Instrumentation = {
      async handle({ id }, run) {
        if (id === "b") await gate.pass();
        return await run();
      },
    };
    const { adapter, clock, inbox, pubsub } = await late(lease, { instrumentation: [slow] });
    const { called, handler } = calls();
    const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler, BATCH);
    for (const id of ["a", "b"]) adapter.deliver({ id });
    await turn();
    expect(gate.asked).toBe(1);
    inbox.extend = async () => false;
    clock.block(LEASE_MS);
    clock.fire();
    gate.open();
    await turn();
    await turn();
    expect(called).toEqual([]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`).toSorted()).toEqual(["a release", "b release"]);
    expect(adapter.endedLeases.toSorted()).toEqual(lease === "renewable" ? ["a", "b"] : []);
    for (const id of ["a", "b"]) expect(await elsewhere(inbox, id, "gives back")).toBe("claimed");
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
  });
});
