import {
  type BatchOutcome,
  defineSubscription,
  defineTopic,
  type HandlerContext,
  type PubSub,
  Reject,
  RetryAfter,
} from "@anytopic/core";
import { expectTypeOf } from "vitest";

declare const pubsub: PubSub;
const Orders = defineTopic<{ readonly n: number }>("orders");
const Ship = defineSubscription(Orders, "ship");
const batch = { maxMessages: 10 };

// A list of events and contexts with `batch`, one of each without it.
void pubsub.subscribe(
  Ship,
  (events, contexts) => {
    expectTypeOf(events).toEqualTypeOf<readonly { readonly n: number }[]>();
    expectTypeOf(contexts).toEqualTypeOf<readonly HandlerContext[]>();
  },
  { batch },
);
void pubsub.subscribe(Ship, (event, context) => {
  expectTypeOf(event).toEqualTypeOf<{ readonly n: number }>();
  expectTypeOf(context).toEqualTypeOf<HandlerContext>();
});
void pubsub.subscribe(Ship, (event) => void event.n, { maxConcurrency: 2 });

// Outcomes in every usual form.
void pubsub.subscribe(Ship, () => ["ack", new Reject("never"), new RetryAfter(1)], { batch });
void pubsub.subscribe(Ship, async () => ["ack", new Error("later")], { batch });
void pubsub.subscribe(Ship, (events) => events.map(({ n }) => (n > 1 ? "ack" : new Error("later"))), { batch });
void pubsub.subscribe(Ship, async (events) => events.map(({ n }): BatchOutcome => (n > 1 ? "ack" : new Error("x"))), {
  batch,
});
void pubsub.subscribe(Ship, async () => {}, { batch });
void pubsub.drain(Ship, (events) => events.map(() => "ack"), { batch, untilIdleMs: 1000 });
void pubsub.drain(Ship, ({ n }) => void n, { maxMessages: 1 });

// @ts-expect-error -- what is no outcome
void pubsub.subscribe(Ship, (events) => events.map(({ n }) => n), { batch });
// @ts-expect-error -- a returned Reject would acknowledge the batch
void pubsub.subscribe(Ship, () => new Reject("never"), { batch });
// @ts-expect-error -- maxMessages must be given
void pubsub.subscribe(Ship, () => {}, { batch: {} });
// @ts-expect-error -- not in the pull form
pubsub.deliveries(Ship, { batch });
