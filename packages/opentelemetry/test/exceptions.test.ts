import { randomUUID } from "node:crypto";

import { type LogRecord, logs, trace } from "@opentelemetry/api";
import { connect, defineSubscription, defineTopic, Reject } from "@anytopic/core";
import { openTelemetry } from "@anytopic/opentelemetry";
import { afterEach, expect, test } from "vitest";

import { registerContexts, Telemetry } from "./telemetry.ts";

registerContexts();
afterEach(() => logs.disable());

/** Registers a provider of loggers that keeps what it gets. */
function recordedLogs(enabled = true): LogRecord[] {
  const records: LogRecord[] = [];
  logs.setGlobalLoggerProvider({
    getLogger: () => ({ emit: (record) => void records.push(record), enabled: () => enabled }),
  });
  return records;
}

async function fail(error: unknown): Promise<Telemetry> {
  const telemetry = new Telemetry();
  const topic = defineTopic<number>(`t${randomUUID().slice(0, 8)}`);
  const instrumentation = [openTelemetry({ tracerProvider: telemetry.tracerProvider })];
  await using pubsub = await connect("memory:", { instrumentation });
  await pubsub.subscribe(defineSubscription(topic, "s", { retryPolicy: { maxRetries: 0 } }), () => {
    throw error;
  });
  await pubsub.publish(topic, 1);
  await telemetry.ended(2);
  return telemetry;
}

const process = (telemetry: Telemetry) => telemetry.spans.find(({ name }) => name.startsWith("process"));

test("a failed attempt is a log event of its span, with the name of the error and without its text", async () => {
  const records = recordedLogs();
  const telemetry = await fail(new RangeError("card 4111 1111"));
  expect(records).toHaveLength(1);
  const [{ context, ...record }] = records as [LogRecord];
  expect(record).toMatchObject({
    eventName: "messaging.process.exception",
    severityNumber: 13,
    attributes: { "exception.type": "RangeError", "messaging.destination.subscription.name": "s" },
  });
  expect(JSON.stringify(record)).not.toContain("4111");
  expect(trace.getSpanContext(context!)?.spanId).toBe(process(telemetry)?.spanContext().spanId);
});

test("a success is no log event", async () => {
  const records = recordedLogs();
  const telemetry = new Telemetry();
  const instrumentation = [openTelemetry({ tracerProvider: telemetry.tracerProvider })];
  await using pubsub = await connect("memory:", { instrumentation });
  await pubsub.publish(defineTopic<number>("numbers"), 1);
  expect(records).toEqual([]);
});

test("a logger that is switched off gets nothing", async () => {
  const records = recordedLogs(false);
  await fail(new Error("no"));
  expect(records).toEqual([]);
});

test.for<readonly [string, unknown, string]>([
  ["an error", new RangeError("x"), "RangeError"],
  ["a rejection", new Reject("bad card"), "Reject"],
  ["a text", "card 4111", "_OTHER"],
  ["nothing", undefined, "_OTHER"],
  ["an error whose name is a text", Object.assign(new Error("x"), { name: "card 4111 1111" }), "_OTHER"],
])("error.type of %s", async ([, error, type]) => {
  const telemetry = await fail(error);
  expect(process(telemetry)?.attributes["error.type"]).toBe(type);
});
