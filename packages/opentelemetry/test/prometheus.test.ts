import { randomUUID } from "node:crypto";

import { PrometheusExporter, PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { openTelemetry } from "@anytopic/opentelemetry";
import { expect, test } from "vitest";

test("through the Prometheus exporter the names are those that dashboards use", async () => {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [reader] });
  await using pubsub = await connect("memory:", { instrumentation: [openTelemetry({ meterProvider, traces: false })] });
  const topic = defineTopic<number>(`t${randomUUID().slice(0, 8)}`);
  const retryPolicy = { minBackoffMs: 1, maxBackoffMs: 1, maxRetries: 1 };
  const mail = defineSubscription(topic, "mail", { retryPolicy });
  await pubsub.subscribe(mail, () => {
    throw new Error("always");
  });
  await pubsub.publish(topic, 1);
  await expect.poll(() => pubsub.deadLetters(mail).count()).toBe(1);

  const text = new PrometheusSerializer().serialize((await reader.collect()).resourceMetrics);
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(types.filter((line) => !line.startsWith("target_info")).toSorted()).toEqual([
    "anytopic_backlog_messages gauge",
    "anytopic_backlog_oldest_age gauge",
    "anytopic_connection_up gauge",
    "anytopic_dead_letters_total counter",
    "anytopic_dead_letters_waiting gauge",
    "anytopic_delivery_latency histogram",
    "anytopic_handlers_abandoned gauge",
    "anytopic_handlers_capacity gauge",
    "anytopic_handlers_running gauge",
    "anytopic_publishing gauge",
    "anytopic_redeliveries_total counter",
    "anytopic_retries_total counter",
    "anytopic_subscription_paused gauge",
    "anytopic_subscription_receiving gauge",
    "messaging_client_consumed_messages_total counter",
    "messaging_client_operation_duration histogram",
    "messaging_client_sent_messages_total counter",
    "messaging_process_duration histogram",
  ]);
  const line = text.split("\n").find((one) => one.startsWith("anytopic_dead_letters_total"));
  expect(line).toMatch(/messaging_destination_name="t\w+"/);
  expect(line).toContain('messaging_destination_subscription_name="mail"');
  expect(line).toContain('reason="retries-exhausted"');
});
