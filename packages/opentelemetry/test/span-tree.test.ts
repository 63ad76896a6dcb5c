import { randomUUID } from "node:crypto";

import { defineSubscription, defineTopic } from "@anytopic/core";
import { openTelemetry } from "@anytopic/opentelemetry";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { BROKER_NAMES, startTestBroker, type TestBroker } from "./brokers.ts";
import { registerContexts, Telemetry } from "./telemetry.ts";

registerContexts();

const retryPolicy = { minBackoffMs: 1000, maxBackoffMs: 1000, maxRetries: 1 };

describe.each(BROKER_NAMES)("%s", (name) => {
  let broker: TestBroker | undefined;
  beforeAll(async () => {
    broker = await startTestBroker(name);
  });
  afterAll(() => broker?.close());

  test("a publish, its two subscriptions, a retry, a letter and its redrive are one tree", async (context) => {
    if (broker === undefined) return context.skip();
    const topic = defineTopic<{ n: number }>(`t${randomUUID().slice(0, 8)}`);
    const mail = defineSubscription(topic, "s-mail", { retryPolicy });
    const stock = defineSubscription(topic, "s-stock", { retryPolicy });
    const telemetry = new Telemetry();
    await using pubsub = await broker.connect(openTelemetry({ tracerProvider: telemetry.tracerProvider }));
    let fails = true;
    await pubsub.subscribe(mail, () => {});
    await pubsub.subscribe(stock, () => {
      if (fails) throw new RangeError("secret");
    });

    await pubsub.publish(topic, { n: 1 });
    await telemetry.ended(4);
    fails = false;
    expect(await pubsub.deadLetters(stock).redrive()).toBe(1);
    const spans = await telemetry.ended(6);

    expect(await telemetry.tree(6)).toEqual([
      "publish PRODUCER",
      "  process CONSUMER mail links=publish attempt=1 outcome=ack",
      "  process CONSUMER ERROR stock links=publish attempt=1 outcome=retry type=RangeError",
      "  process CONSUMER ERROR stock links=publish attempt=2 outcome=dead-letter reason=retries-exhausted type=RangeError",
      "  process CONSUMER stock links=publish attempt=1 outcome=ack",
      "redrive PRODUCER stock links=publish",
    ]);
    expect(
      JSON.stringify(spans.map(({ attributes, events, status }) => ({ attributes, events, status }))),
    ).not.toContain("secret");
  });
});
