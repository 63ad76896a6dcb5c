import { expect, test } from "vitest";
import { connect, defineSubscription, defineTopic, MemoryInbox } from "@anytopic/core";

const Payments = defineTopic<number>("payments", { deliveryGuarantee: "exactly-once" });
const Book = defineSubscription(Payments, "book", { ackDeadlineMs: 1000 });
const PATH = "payments/book";

test("a claim of a worker that died lapses, though others wait for it meanwhile", async () => {
  const inbox = new MemoryInbox();
  await using pubsub = await connect("memory:", { inbox, declarations: [Book] });
  // A worker elsewhere that claimed and died: nobody renews, completes or abandons.
  expect(await inbox.claim(PATH, "dead-workers", 1500)).toBe("claimed");
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
  expect(await inbox.claim(PATH, "held", 60_000)).toBe("claimed");
  const handled: string[] = [];
  await pubsub.subscribe(Impatient, (_event, { id }) => void handled.push(id));
  await pubsub.publish(Payments, 1, { id: "held" });
  await expect.poll(() => pubsub.deadLetters(Impatient).count()).toBe(1);
  expect(await inbox.claim(PATH, "held", 1000)).toBe("busy");
  expect(handled).toEqual([]);
});
