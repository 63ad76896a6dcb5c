import { describe, expect, it } from "vitest";

import { answerLate, elsewhere, Gate, LEASE_MS, late, starts, subscriptionOf } from "./late-starts.ts";
import { turn } from "./opened-worker.ts";

describe("a claim whose answer is read after its lease", () => {
  it("starts no handler, and the message goes back as one that another worker may have", async () => {
    const { adapter, clock, inbox, pubsub } = await late("renewable");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    const { ran, handler } = starts();
    const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    gate.open();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
    expect(adapter.endedLeases).toEqual(["a"]);
    expect(await elsewhere(inbox, "a", "gives back")).toBe("claimed");
    expect(worker.health()).toMatchObject({ running: 0, abandoned: 0, waiting: 0 });
  });

  it("does so too when its timers fire first, and renew everything", async () => {
    const { adapter, clock, inbox, pubsub } = await late("renewable");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    clock.fire();
    gate.open();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.endedLeases).toEqual(["a"]);
  });

  it("is asked for again where the broker's lease goes on: another has handled the message", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    expect(await elsewhere(inbox, "a", "completes")).toBe("claimed");
    gate.open();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("is asked for again where the broker's lease goes on: nobody else came", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    const tokens: string[] = [];
    const complete = inbox.complete.bind(inbox);
    inbox.complete = async (path, id, token, retainMs) => {
      tokens.push(token);
      return await complete(path, id, token, retainMs);
    };
    const { ran, handler } = starts();
    const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    gate.open();
    await turn();
    expect(ran).toEqual(["a.1"]);
    expect(tokens).toEqual(["2"]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 0 });
  });

  it("does not make a letter of what another may have handled", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    await pubsub.subscribe(subscriptionOf({ once: true }), starts().handler);
    adapter.deliver({ id: "a" }, 9);
    clock.block(LEASE_MS);
    expect(await elsewhere(inbox, "a", "completes")).toBe("claimed");
    gate.open();
    await turn();
    expect(adapter.letters).toEqual([]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });

  it("is not asked for again by a worker that closes: the message goes back", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    const { ran, handler } = starts();
    const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    const closed = worker.close();
    gate.open();
    await closed;
    expect(ran).toEqual([]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "release" }]);
    expect(await elsewhere(inbox, "a", "gives back")).toBe("claimed");
  });

  it("is not asked for again before the store has ended it, and the deadline of the message stays", async () => {
    const { adapter, clock, inbox, pubsub } = await late("connection");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    inbox.abandon = () => new Promise(() => {});
    const { ran, handler } = starts();
    const worker = await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS);
    gate.open();
    await turn();
    expect(worker.health()).toMatchObject({ running: 0, waiting: 1 });
    clock.block(60_000);
    clock.fire();
    await turn();
    expect(ran).toEqual([]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "retry" }]);
  });

  it("is as good as ever within its lease", async () => {
    const { adapter, clock, inbox, pubsub } = await late("renewable");
    const gate = new Gate();
    answerLate(inbox, gate, "a");
    const { ran, handler } = starts();
    await pubsub.subscribe(subscriptionOf({ once: true }), handler);
    adapter.deliver({ id: "a" });
    clock.block(LEASE_MS - 1);
    gate.open();
    await turn();
    expect(ran).toEqual(["a.1"]);
    expect(adapter.settles).toMatchObject([{ id: "a", how: "ack" }]);
  });
});
