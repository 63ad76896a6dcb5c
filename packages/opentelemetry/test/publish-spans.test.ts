import { randomUUID } from "node:crypto";

import { context, propagation, trace } from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace";
import { connect, defineSubscription } from "@anytopic/core";
import { messageContext, openTelemetry, type OpenTelemetryOptions } from "@anytopic/opentelemetry";
import { describe, expect, test } from "vitest";

import { GIVEN, newTopic, openTraced, type Order, TRACE } from "./open-traced.ts";
import { registerContexts, Telemetry } from "./telemetry.ts";

registerContexts();

describe("publishing", () => {
  test("the publish is a child of the span around it", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    await telemetry.tracerProvider.getTracer("app").startActiveSpan("request", async (span) => {
      await pubsub.publish(topic, { n: 1 });
      span.end();
    });
    expect(await telemetry.tree(2)).toEqual(["request INTERNAL", "  publish PRODUCER"]);
    await pubsub.close();
  });

  test("a batch is one publish with a link to the creation of each entry, and handlers belong to these", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), () => {});
    await pubsub.publishBatch(topic, [{ event: { n: 1 } }, { event: { n: 2 } }]);
    const spans = await telemetry.ended(5);
    expect(await telemetry.tree(5)).toEqual([
      "publish CLIENT links=create,create",
      "create PRODUCER",
      "  process CONSUMER one links=create attempt=1 outcome=ack",
      "create PRODUCER",
      "  process CONSUMER one links=create attempt=1 outcome=ack",
    ]);
    const batch = spans.find(({ name }) => name.startsWith("publish"));
    expect(batch?.attributes["messaging.batch.message_count"]).toBe(2);
    await pubsub.close();
  });

  test("a failed entry of a batch fails its own span and that of the batch", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    const large = { n: 1, text: "x".repeat(20_000_000) };
    await pubsub.publishBatch(topic, [{ event: { n: 1 } }, { event: large }]);
    expect(await telemetry.tree(3)).toEqual([
      "publish CLIENT ERROR links=create,create type=LIMIT_EXCEEDED",
      "create PRODUCER",
      "create PRODUCER ERROR type=LIMIT_EXCEEDED",
    ]);
    await pubsub.close();
  });

  test("a failed publish says the code of its error", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    await pubsub.close();
    const [other, failing] = await openTraced({ bodySize: true });
    await other.publish(topic, { n: 1, text: "x".repeat(20_000_000) } as Order).catch(() => {});
    const [span] = await failing.ended(1);
    expect(span?.attributes).toMatchObject({
      "error.type": "LIMIT_EXCEEDED",
      "messaging.message.body.size": 20_000_017,
    });
    expect(span?.status).toEqual({ code: 2 });
    expect(telemetry.spans).toEqual([]);
    await other.close();
  });

  test("with a mirror, one publish reaches the subscription twice, and the second copy is skipped", async () => {
    const telemetry = new Telemetry();
    const topic = newTopic();
    const pubsub = await connect({
      config: {
        default: "one",
        connections: { one: { url: `memory:${randomUUID()}` }, two: { url: `memory:${randomUUID()}` } },
        topics: { [topic.name]: { mirror: "two", subscriptions: { "s-one": { connections: ["one", "two"] } } } },
      },
      instrumentation: [openTelemetry({ tracerProvider: telemetry.tracerProvider })],
    });
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), () => {});
    await pubsub.publish(topic, { n: 1 });
    expect(await telemetry.tree(3)).toEqual([
      "publish PRODUCER",
      "  process CONSUMER one links=publish attempt=1 outcome=ack",
      "  process CONSUMER one links=publish attempt=1 outcome=ack skipped=true",
    ]);
    await pubsub.close();
  });

  test("a traceparent that the caller has set stays, and the publish has a link to it", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    const seen = Promise.withResolvers<Readonly<Record<string, string>>>();
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), (_event, { attributes }) =>
      seen.resolve(attributes),
    );
    await pubsub.publish(topic, { n: 1 }, { attributes: { traceparent: GIVEN } });
    expect(await seen.promise).toEqual({ traceparent: GIVEN });
    const spans = await telemetry.ended(2);
    expect(await telemetry.tree(2)).toEqual([
      "publish PRODUCER links=elsewhere",
      "process CONSUMER one links=elsewhere attempt=1 outcome=ack",
    ]);
    expect(spans.map((span) => span.spanContext().traceId)).toContain(TRACE);
    await pubsub.close();
  });
});

describe("what travels", () => {
  async function attributesAfterPublish(options: OpenTelemetryOptions, telemetry?: Telemetry): Promise<unknown> {
    const [pubsub] = await openTraced(options, telemetry);
    const topic = newTopic();
    const seen = Promise.withResolvers<unknown>();
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), (_event, { attributes }) =>
      seen.resolve({ ...attributes, active: propagation.getActiveBaggage()?.getEntry("tenant")?.value }),
    );
    const baggage = propagation.createBaggage({ tenant: { value: "t1" } });
    await context.with(propagation.setBaggage(context.active(), baggage), () => pubsub.publish(topic, { n: 1 }));
    const result = await seen.promise;
    await pubsub.close();
    return result;
  }

  test("baggage stays at home", async () => {
    expect(await attributesAfterPublish({})).toEqual({ traceparent: expect.any(String), active: undefined });
  });

  test("baggage travels when it is wanted", async () => {
    expect(await attributesAfterPublish({ baggage: true })).toEqual({
      traceparent: expect.any(String),
      baggage: "tenant=t1",
      active: "t1",
    });
  });

  test("a trace that is not sampled travels as such, and makes no spans", async () => {
    const telemetry = new Telemetry(new AlwaysOffSampler());
    expect(await attributesAfterPublish({}, telemetry)).toMatchObject({
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/),
    });
    expect(telemetry.spans).toEqual([]);
  });

  test("without traces nothing travels", async () => {
    expect(await attributesAfterPublish({ traces: false })).toEqual({ active: undefined });
  });

  test("the baggage of a message is read only when it is wanted", () => {
    const attributes = { traceparent: GIVEN, baggage: "tenant=t1" };
    expect(propagation.getBaggage(messageContext(attributes))).toBeUndefined();
    expect(propagation.getBaggage(messageContext(attributes, { baggage: true }))?.getEntry("tenant")?.value).toBe("t1");
  });

  test("a message without a context has none", () => {
    expect(trace.getSpanContext(messageContext({ traceparent: "nonsense" }))).toBeUndefined();
  });
});
