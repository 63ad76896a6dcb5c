import {
  defineSubscription,
  defineTopic,
  type Deliveries,
  type Publisher,
  type PublishResult,
  type PubSub,
  Reject,
  RetryAfter,
  type Subscription,
  type Topic,
} from "@anytopic/core";
import * as v from "valibot";
import { expectTypeOf } from "vitest";
import { z } from "zod";

declare const pubsub: PubSub;

// With a schema: its input to publish, its output to the handler.
const Zod = defineTopic("zod", {
  schema: z.object({ at: z.string().transform((text) => new Date(text)), n: z.number().default(1) }),
});
expectTypeOf(Zod).toEqualTypeOf<Topic<{ at: string; n?: number | undefined }, { at: Date; n: number }>>();
const ZodSub = defineSubscription(Zod, "s");
expectTypeOf(ZodSub).toEqualTypeOf<Subscription<{ at: Date; n: number }>>();
void pubsub.publish(Zod, { at: "2026-01-01" });
// @ts-expect-error -- a Date is the output, not the input
void pubsub.publish(Zod, { at: new Date() });
void pubsub.subscribe(ZodSub, (event) => {
  expectTypeOf(event).toEqualTypeOf<{ at: Date; n: number }>();
});
expectTypeOf(pubsub.deliveries(ZodSub)).toEqualTypeOf<Deliveries<{ at: Date; n: number }>>();

// The topic alone says what is published: a literal of the event stays one.
const Kinds = defineTopic("kinds", {
  schema: z.object({ kind: z.literal("user.signed-up"), size: z.enum(["s", "m"]) }),
});
void pubsub.publish(Kinds, { kind: "user.signed-up", size: "s" });
void pubsub.publishBatch(Kinds, [{ event: { kind: "user.signed-up", size: "m" } }]);
// @ts-expect-error -- another literal
void pubsub.publish(Kinds, { kind: "user.signed-out", size: "s" });

const Valibot = defineTopic("valibot", { schema: v.object({ id: v.pipe(v.string(), v.transform(Number)) }) });
void pubsub.publisher(Valibot).publish({ id: "7" });
void pubsub.subscribe(defineSubscription(Valibot, "s"), ({ id }) => {
  expectTypeOf(id).toEqualTypeOf<number>();
});

// The topic alone decides what its events are: a literal stays one of the permitted words.
const Plans = defineTopic("plans", {
  schema: z.object({ plan: z.enum(["free", "paid"]) }),
  attributes: ({ plan }) => ({ plan }),
});
void pubsub.publish(Plans, { plan: "free" });
void pubsub.publishBatch(Plans, [{ event: { plan: "paid" } }]);
// @ts-expect-error -- another word
void pubsub.publish(Plans, { plan: "gold" });
// @ts-expect-error -- another word
void pubsub.publishBatch(Plans, [{ event: { plan: "gold" } }]);

const Regions = defineTopic("regions", {
  schema: z.object({ region: z.enum(["eu", "us"]), id: z.string() }),
  orderingKey: ({ region }) => region,
});
void pubsub.publish(Regions, { region: "eu", id: "1" });
void pubsub.publisher(Regions).publish({ region: "us", id: "1" });

// Without one: the type argument stands on both sides.
const Plain = defineTopic<{ a: 1 }>("plain", {
  orderingKey: (event) => {
    expectTypeOf(event).toEqualTypeOf<{ a: 1 }>();
    return "k";
  },
});
expectTypeOf(Plain).toEqualTypeOf<Topic<{ a: 1 }, { a: 1 }>>();
// @ts-expect-error -- another event
void pubsub.publish(Plain, { a: 2 });

// A publisher answers as the connection does, and can do nothing else.
expectTypeOf<ReturnType<Publisher<unknown>["publishBatch"]>>().toEqualTypeOf<Promise<readonly PublishResult[]>>();
expectTypeOf(pubsub.publisher(Plain)).not.toHaveProperty("subscribe");

// What a handler returns is ignored: anything, except the errors that it was to throw.
declare const send: (event: object) => Promise<{ readonly messageId: string }>;
const PlainSub = defineSubscription(Plain, "s");
const seen: object[] = [];
void pubsub.subscribe(PlainSub, () => {});
void pubsub.subscribe(PlainSub, async () => {});
void pubsub.subscribe(PlainSub, (event) => seen.push(event));
void pubsub.subscribe(PlainSub, (event) => send(event));
void pubsub.subscribe(PlainSub, async (event) => await send(event));
void pubsub.subscribe(PlainSub, () => {
  throw new Reject("unknown account");
});
// @ts-expect-error -- it would be acknowledged
void pubsub.subscribe(PlainSub, () => new Reject("unknown account"));
// @ts-expect-error -- the same, later
void pubsub.subscribe(PlainSub, async () => new Reject("unknown account"));
// @ts-expect-error -- the same, sometimes
void pubsub.subscribe(PlainSub, async ({ a }) => (a === 1 ? new RetryAfter(1000) : undefined));
// @ts-expect-error -- the same, of a promise that is not awaited
void pubsub.subscribe(PlainSub, () => Promise.resolve(new RetryAfter(1000)));
// @ts-expect-error -- any error
void pubsub.subscribe(PlainSub, () => new Error("not now"));
