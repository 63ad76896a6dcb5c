import {
  connect,
  defineSubscription,
  defineTopic,
  type HandlerContext,
  type InboxStore,
  MemoryInbox,
} from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { expect, test } from "vitest";

/** A store that can mark in a transaction, and takes any object for one. */
class TransactionalInbox extends MemoryInbox implements InboxStore {
  readonly calls: unknown[] = [];
  answer: boolean | Promise<boolean> = Promise.resolve(true);

  completeIn(...call: readonly unknown[]): boolean | Promise<boolean> {
    this.calls.push(call);
    return this.answer;
  }
}

const Once = defineTopic<number>("once", { deliveryGuarantee: "exactly-once" });
const Count = defineSubscription(Once, "count", { retryPolicy: { minBackoffMs: 1, maxBackoffMs: 1, jitter: 0 } });
const tx = { of: "the application" };

/** Publishes one message, and returns what the handler's call gave. */
async function completed(inbox: MemoryInbox, call: (context: HandlerContext) => unknown): Promise<unknown> {
  const seen = Promise.withResolvers<unknown>();
  await using pubsub = await connect(memory(), { inbox });
  await pubsub.subscribe(Count, async (_event, context) => {
    try {
      seen.resolve(await call(context));
    } catch (error) {
      seen.resolve(error);
    }
  });
  await pubsub.publish(Once, 1, { id: "one" });
  return await seen.promise;
}

test("complete calls the store with the transaction and the claim of the attempt", async () => {
  const inbox = new TransactionalInbox();
  expect(await completed(inbox, async (context) => await context.inbox?.complete(tx))).toBe(undefined);
  expect(inbox.calls).toEqual([[tx, "once/count", "one", expect.any(String), Once.retentionMs]]);
});

test("complete rejects when the claim belongs to another handler, and at once with a store that answers at once", async () => {
  const inbox = new TransactionalInbox();
  inbox.answer = Promise.resolve(false);
  expect(await completed(inbox, async (context) => await context.inbox?.complete(tx))).toMatchObject({
    code: "LEASE_LOST",
  });
  const atOnceInbox = new TransactionalInbox();
  atOnceInbox.answer = false;
  const atOnce = await completed(atOnceInbox, (context) => {
    try {
      void context.inbox?.complete(tx);
      return "it did not throw";
    } catch (error) {
      return error;
    }
  });
  expect(atOnce).toMatchObject({ code: "LEASE_LOST" });
});

test("complete says what to do with a store that has no transactions", async () => {
  const error = await completed(new MemoryInbox(), async (context) => await context.inbox?.complete(tx));
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: expect.stringMatching(/connect with one that can/) as string });
});

test("deliveries of the pull form have it, and handlers of at-least-once topics have not", async () => {
  const inbox = new TransactionalInbox();
  await using pubsub = await connect(memory(), { inbox });
  const Often = defineTopic<number>("often");
  const Each = defineSubscription(Often, "each");
  const seen = Promise.withResolvers<HandlerContext>();
  await pubsub.subscribe(Each, (_event, context) => seen.resolve(context));
  await using deliveries = pubsub.deliveries(Count);
  const next = deliveries.next();
  await pubsub.publish(Often, 1);
  await pubsub.publish(Once, 1, { id: "one" });
  expect((await seen.promise).inbox).toBe(undefined);
  const { value: delivery } = await next;
  await delivery?.inbox?.complete(tx);
  expect(inbox.calls).toHaveLength(1);
  expect(await delivery?.ack()).toBe("settled");
});
