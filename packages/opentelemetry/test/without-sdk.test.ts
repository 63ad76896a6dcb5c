import { randomUUID } from "node:crypto";

import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { openTelemetry } from "@anytopic/opentelemetry";
import { expect, test } from "vitest";

// This file registers nothing: no provider, no propagator, and nowhere for contexts to live.

test("without an SDK everything works, and nothing is added to messages", async () => {
  const topic = defineTopic<number>(`t${randomUUID().slice(0, 8)}`);
  const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 1 };
  const seen: unknown[] = [];
  await using pubsub = await connect("memory:", { instrumentation: [openTelemetry()] });
  await pubsub.subscribe(defineSubscription(topic, "s", { retryPolicy }), (event, { attempt, attributes }) => {
    seen.push({ event, attempt, attributes });
    if (attempt === 1) throw new Error("once");
  });
  await pubsub.publish(topic, 1);
  await expect.poll(() => seen).toEqual([1, 2].map((attempt) => ({ event: 1, attempt, attributes: {} })));
});
