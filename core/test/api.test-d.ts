import {
  defineSubscription,
  defineTopic,
  type Deliveries,
  type Publisher,
  type PublishResult,
  type PubSub,
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

const Valibot = defineTopic("valibot", { schema: v.object({ id: v.pipe(v.string(), v.transform(Number)) }) });
void pubsub.publisher(Valibot).publish({ id: "7" });
void pubsub.subscribe(defineSubscription(Valibot, "s"), ({ id }) => {
  expectTypeOf(id).toEqualTypeOf<number>();
});

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
