import { randomUUID } from "node:crypto";

import { context } from "@opentelemetry/api";
import { connect, defineSubscription, defineTopic, VirtualClock } from "@anytopic/core";
import { messageContext, openTelemetry } from "@anytopic/opentelemetry";
import { describe, expect, test } from "vitest";

import { GIVEN, newTopic, openTraced, type Order, TRACE } from "./open-traced.ts";
import { registerContexts, Telemetry } from "./telemetry.ts";

registerContexts();

describe("attempts", () => {
  test("inside the handler its span is active, and other spans are made", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), async () => {
      await Promise.resolve();
      telemetry.tracerProvider.getTracer("app").startSpan("query").end();
    });
    await pubsub.publish(topic, { n: 1 });
    expect(await telemetry.tree(3)).toEqual([
      "publish PRODUCER",
      "  process CONSUMER one links=publish attempt=1 outcome=ack",
      "    query INTERNAL",
    ]);
    await pubsub.close();
  });

  test('with correlate "link" an attempt is a trace of its own', async () => {
    const [pubsub, telemetry] = await openTraced({ correlate: "link" });
    const topic = newTopic();
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), () => {});
    await pubsub.publish(topic, { n: 1 });
    expect(await telemetry.tree(2)).toEqual([
      "publish PRODUCER",
      "process CONSUMER one links=publish attempt=1 outcome=ack",
    ]);
    await pubsub.close();
  });

  test("more than an hour after the publish, an attempt is a trace of its own", async () => {
    const telemetry = new Telemetry();
    const clock = new VirtualClock(Date.now() - 3_660_000);
    const pubsub = await connect("memory:", {
      clock,
      instrumentation: [openTelemetry({ tracerProvider: telemetry.tracerProvider })],
    });
    const topic = newTopic();
    await pubsub.publish(topic, { n: 0 });
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), () => {});
    await pubsub.publish(topic, { n: 1 });
    expect(await telemetry.tree(3)).toEqual([
      "publish PRODUCER",
      "publish PRODUCER",
      "process CONSUMER one links=publish attempt=1 outcome=ack",
    ]);
    await pubsub.close();
  });

  test("the context of Google's client library is read where there is no other", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    const subscription = defineSubscription(topic, "s-one", {});
    await pubsub.subscribe(subscription, () => {});
    const attributes = { googclient_traceparent: GIVEN, traceparent: "nonsense" };
    await pubsub.publish(topic, { n: 1 }, { attributes });
    const spans = await telemetry.ended(2);
    const process = spans.find(({ name }) => name.startsWith("process"));
    expect(process?.spanContext().traceId).toBe(TRACE);
    await pubsub.close();
  });

  test("the pull form has a span from the hand-over to the settle, and its reader can go on in the trace", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    const subscription = defineSubscription(topic, "s-one", {});
    const reading = pubsub.deliveries(subscription);
    const next = reading.next();
    await expect.poll(() => pubsub.health().subscriptions.length).toBe(1);
    await pubsub.publish(topic, { n: 1 });
    const { value: delivery } = await next;
    context.with(messageContext(delivery!.attributes), () =>
      telemetry.tracerProvider.getTracer("app").startSpan("work").end(),
    );
    await delivery!.ack();
    expect(await telemetry.tree(3)).toEqual([
      "publish PRODUCER",
      "  work INTERNAL",
      "  receive CLIENT one links=publish attempt=1 outcome=ack",
    ]);
    await reading.return?.();
    await pubsub.close();
  });

  test("a message that no handler gets has a span that says so", async () => {
    const [pubsub, telemetry] = await openTraced();
    const name = `t${randomUUID().slice(0, 8)}`;
    const texts = defineTopic(name, { codec: "text" });
    const orders = defineTopic<Order>(name);
    await pubsub.subscribe(defineSubscription(orders, "s-one", {}), () => {});
    await pubsub.publish(texts, "{ this is not JSON");
    expect(await telemetry.tree(2)).toEqual([
      "publish PRODUCER",
      "  process CONSUMER ERROR one links=publish attempt=1 outcome=dead-letter reason=undecodable skipped=true type=SyntaxError",
    ]);
    await pubsub.close();
  });

  test("a handler that is abandoned when closing ends its span without an error", async () => {
    const [pubsub, telemetry] = await openTraced();
    const topic = newTopic();
    const started = Promise.withResolvers<void>();
    await pubsub.subscribe(defineSubscription(topic, "s-one", {}), async (_event, { signal }) => {
      started.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise(() => {});
    });
    await pubsub.publish(topic, { n: 1 });
    await started.promise;
    await pubsub.close({ timeoutMs: 0 });
    expect(await telemetry.tree(2)).toEqual([
      "publish PRODUCER",
      "  process CONSUMER one links=publish attempt=1 outcome=release",
    ]);
  });

  test("settles are spans when they are wanted", async () => {
    const [pubsub, telemetry] = await openTraced({ settleSpans: true });
    const topic = newTopic();
    const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 1 };
    let attempts = 0;
    await pubsub.subscribe(defineSubscription(topic, "s-one", { retryPolicy }), () => {
      attempts += 1;
      if (attempts === 1) throw new Error("once");
    });
    await pubsub.publish(topic, { n: 1 });
    const spans = await telemetry.ended(5);
    expect(await telemetry.tree(5)).toEqual([
      "publish PRODUCER",
      "  process CONSUMER ERROR one links=publish attempt=1 outcome=retry type=Error",
      "    retry CLIENT one links=publish attempt=1",
      "  process CONSUMER one links=publish attempt=2 outcome=ack",
      "    ack CLIENT one links=publish attempt=2",
    ]);
    const retried = spans.find(({ attributes }) => attributes["anytopic.outcome"] === "retry");
    expect(retried?.attributes["anytopic.retry.delay"]).toBeLessThanOrEqual(0.002);
    await pubsub.close();
  });
});
