import { connect, defineSubscription, defineTopic, type InboxStore, MemoryInbox } from "@anytopic/core";
import { expect, test } from "vitest";
import { ScriptedAdapter } from "./scripted-adapter.ts";

const Payments = defineTopic<number>("payments", { deliveryGuarantee: "exactly-once" });
const Book = defineSubscription(Payments, "book", { ackDeadlineMs: 1000 });

test("an attempt that has failed counts, also when its worker closes before the store has ended its claim", async () => {
  const { promise: hung } = Promise.withResolvers<never>();
  const memory = new MemoryInbox();
  const inbox: InboxStore = {
    claim: async (path, id, leaseMs) => await memory.claim(path, id, leaseMs),
    extend: async (path, id, token, leaseMs) => await memory.extend(path, id, token, leaseMs),
    complete: async (path, id, token, retainMs) => await memory.complete(path, id, token, retainMs),
    abandon: () => hung,
  };
  const adapter = new ScriptedAdapter();
  await using pubsub = await connect(adapter, { inbox });
  let failures = 0;
  const worker = await pubsub.subscribe(Book, () => {
    failures += 1;
    throw new Error("no");
  });
  adapter.deliver({ id: "failed", body: Buffer.from("1") });
  await expect.poll(() => failures).toBe(1);
  expect(adapter.settles).toEqual([]);
  await worker.close({ timeoutMs: 0 });
  expect(adapter.settles).toMatchObject([{ id: "failed", how: "retry" }]);
});
