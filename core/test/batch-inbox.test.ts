import { type BatchHandler, connect, defineSubscription, defineTopic, MemoryInbox, VirtualClock } from "@anytopic/core";
import { describe, expect, it } from "vitest";

import { turn } from "./opened-worker.ts";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Payments = defineTopic<object>("payments", { deliveryGuarantee: "exactly-once" });
const Book = defineSubscription(Payments, "book", {
  retryPolicy: { minBackoffMs: 100, maxBackoffMs: 100, maxRetries: 2, jitter: 0 },
});
const PATH = "payments/book";

async function opened(handler: BatchHandler<object>) {
  const adapter = new ScriptedAdapter();
  const clock = new VirtualClock();
  const inbox = new MemoryInbox({ clock });
  const pubsub = await connect(adapter, { clock, inbox });
  const worker = await pubsub.subscribe(Book, handler, { batch: { maxMessages: 3, maxWaitMs: 50 } });
  return { adapter, clock, inbox, worker };
}

describe("a batch of an exactly-once topic", () => {
  it("claims each message, and a busy one does not hold it up: it joins a later batch", async () => {
    const calls: string[][] = [];
    const { adapter, clock, inbox, worker } = await opened(
      (_, contexts) => void calls.push(contexts.map(({ id }) => id)),
    );
    const elsewhere = await inbox.claim(PATH, "b", 60_000);
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    await turn();
    expect(calls).toEqual([["a", "c"]]);
    expect(worker.health()).toMatchObject({ running: 0, waiting: 1 });
    if (elsewhere.state === "claimed") await inbox.abandon(PATH, "b", elsewhere.token);
    await clock.advance(500);
    await clock.advance(50);
    await turn();
    expect(calls[1]).toEqual(["b"]);
    expect(adapter.settles.map(({ id, how }) => `${id} ${how}`)).toEqual(["a ack", "c ack", "b ack"]);
    for (const id of ["a", "b", "c"]) expect(await inbox.claim(PATH, id, 1000)).toEqual({ state: "completed" });
  });

  it("is not held up by the end of a claim of a message that cannot be decoded", async () => {
    const calls: string[][] = [];
    const { adapter, inbox } = await opened((_, contexts) => void calls.push(contexts.map(({ id }) => id)));
    inbox.abandon = () => new Promise(() => {});
    for (const id of ["a", "bad", "c"]) adapter.deliver(id === "bad" ? { id, body: Buffer.from("{") } : { id });
    await turn();
    expect(calls).toEqual([["a", "c"]]);
  });

  it("only acknowledges what was handled before", async () => {
    const calls: string[][] = [];
    const { adapter, inbox } = await opened((_, contexts) => void calls.push(contexts.map(({ id }) => id)));
    const earlier = await inbox.claim(PATH, "b", 60_000);
    if (earlier.state === "claimed") await inbox.complete(PATH, "b", earlier.token, 60_000);
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    await turn();
    expect(calls).toEqual([["a", "c"]]);
    expect(adapter.settles.map(({ how }) => how)).toEqual(["ack", "ack", "ack"]);
  });

  it("ends the claims of the messages that failed, and of no other", async () => {
    const { adapter, inbox } = await opened(() => ["ack", new Error("x"), "ack"]);
    for (const id of ["a", "b", "c"]) adapter.deliver({ id });
    await turn();
    expect(await inbox.claim(PATH, "a", 1000)).toEqual({ state: "completed" });
    expect(await inbox.claim(PATH, "b", 1000)).toMatchObject({ state: "claimed" });
  });

  it("ends the claim of a message that is lost while another is being claimed, and does not handle it", async () => {
    const calls: string[][] = [];
    const { adapter, inbox } = await opened((_, contexts) => void calls.push(contexts.map(({ id }) => id)));
    const deliveries = ["a", "b", "c"].map((id) => adapter.deliver({ id }));
    const [, b] = deliveries;
    if (b !== undefined) adapter.sink.revoke(b);
    await turn();
    expect(calls).toEqual([["a", "c"]]);
    await turn();
    expect(await inbox.claim(PATH, "b", 1000)).toMatchObject({ state: "claimed" });
  });
});
