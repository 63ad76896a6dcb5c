import * as published from "@opentelemetry/semantic-conventions/incubating";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { observeOutbox, openTelemetry } from "@anytopic/opentelemetry";
import { afterEach, describe, expect, test, vi } from "vitest";

import { Metrics } from "./metric-lines.ts";
import { relay } from "./relay.ts";
import { registerContexts, Telemetry } from "./telemetry.ts";

registerContexts();

const texts = Object.entries(published).map(([key, value]) => [key, String(value)] as const);
const namesThatBeginWith = (prefix: string): ReadonlySet<string> =>
  new Set(texts.filter(([key]) => key.startsWith(prefix)).map(([, text]) => text));
const attributeNames = namesThatBeginWith("ATTR_");
const metricNames = namesThatBeginWith("METRIC_");

/** Ours, as the README lists them. */
const OURS = /^anytopic\.(attempt|outcome|retry\.delay|dead\.letter\.reason|skipped)$/;
const OUR_METRICS =
  /^anytopic\.(backlog\.messages|backlog\.oldest\.age|connection\.(reconnects|up)|dead\.letter\.failed|dead\.letters(\.waiting)?|delivery\.latency|handlers\.(abandoned|capacity|running)|lease\.lost|outbox\.(held|oldest\.age|parked|published|waiting)|publishing|redeliveries|retries|skipped|subscription\.receiving)$/;
const OUR_LABELS = /^(reason|state|connection|outbox)$/;

async function run(options: Parameters<typeof openTelemetry>[0] = {}): Promise<{
  attributes: ReadonlySet<string>;
  metrics: Metrics;
  telemetry: Telemetry;
}> {
  const telemetry = new Telemetry();
  const metrics = new Metrics();
  const { tracerProvider } = telemetry;
  const { meterProvider } = metrics;
  const instrumentation = [
    openTelemetry({ tracerProvider, meterProvider, settleSpans: true, bodySize: true, ...options }),
  ];
  observeOutbox(relay(), { meterProvider });
  await using pubsub = await connect("memory:", { instrumentation });
  const topic = defineTopic<number>("numbers");
  const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 1 };
  const subscription = defineSubscription(topic, "workers", { retryPolicy });
  await pubsub.subscribe(subscription, () => {
    throw new TypeError("always");
  });
  await pubsub.publishBatch(topic, [{ event: 1 }]);
  // The batch, its entry, two attempts, and a settle for each.
  await telemetry.ended(6);
  await pubsub.deadLetters(subscription).redrive();
  await telemetry.ended(11);
  const attributes = new Set(telemetry.spans.flatMap((span) => Object.keys(span.attributes)));
  return { attributes, metrics, telemetry };
}

afterEach(() => vi.unstubAllEnvs());

describe("names", () => {
  test("every attribute of a span is in the published list, or ours", async () => {
    const { attributes } = await run();
    expect(attributes.size).toBeGreaterThan(12);
    expect([...attributes].filter((name) => !attributeNames.has(name) && !OURS.test(name))).toEqual([]);
  });

  test("every metric and its attributes are in the published list, or ours", async () => {
    const { metrics } = await run();
    const all = await metrics.attributeNames();
    expect(all.size).toBeGreaterThan(6);
    expect([...all.keys()].filter((name) => !metricNames.has(name) && !OUR_METRICS.test(name))).toEqual([]);
    const labels = [...new Set([...all.values()].flat())];
    expect(labels.filter((name) => !attributeNames.has(name) && !OUR_LABELS.test(name))).toEqual([]);
  });

  test("required attributes are there at the start, for samplers", async () => {
    const seen: string[][] = [];
    const telemetry = new Telemetry({
      shouldSample: (_context, _trace, _name, _kind, attributes) => {
        seen.push(Object.keys(attributes));
        return { decision: 0 };
      },
      toString: () => "test",
    });
    const instrumentation = [openTelemetry({ tracerProvider: telemetry.tracerProvider, metrics: false })];
    await using pubsub = await connect("memory:", { instrumentation });
    await pubsub.publish(defineTopic<number>("numbers"), 1);
    expect(seen[0]).toEqual(
      expect.arrayContaining([
        "messaging.system.name",
        "messaging.operation.name",
        "messaging.operation.type",
        "messaging.destination.name",
      ]),
    );
  });
});

describe("spelling", () => {
  test("both by default, because the old one is still what others use", async () => {
    const { attributes } = await run();
    expect([...attributes]).toEqual(expect.arrayContaining(["messaging.system", "messaging.system.name"]));
  });

  test.for(["messaging", "http, messaging"])(
    "only the new one with OTEL_SEMCONV_STABILITY_OPT_IN=%s",
    async (optIn) => {
      vi.stubEnv("OTEL_SEMCONV_STABILITY_OPT_IN", optIn);
      const { attributes } = await run();
      expect(attributes.has("messaging.system.name")).toBe(true);
      expect(attributes.has("messaging.system")).toBe(false);
    },
  );

  test.for(["messaging/dup", "messaging,messaging/dup", "http"])("both with %s", async (optIn) => {
    vi.stubEnv("OTEL_SEMCONV_STABILITY_OPT_IN", optIn);
    const { attributes } = await run();
    expect(attributes.has("messaging.system")).toBe(true);
  });

  test("the option wins over the environment", async () => {
    vi.stubEnv("OTEL_SEMCONV_STABILITY_OPT_IN", "messaging");
    const { attributes } = await run({ spelling: "both" });
    expect(attributes.has("messaging.system")).toBe(true);
  });
});
