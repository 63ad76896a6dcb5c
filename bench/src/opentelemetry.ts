import { randomUUID } from "node:crypto";

import { startBroker } from "@anytopic/brokers";
import { type Adapter, connect, defineSubscription, defineTopic } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { nats } from "@anytopic/nats";
import { openTelemetry, type OpenTelemetryOptions } from "@anytopic/opentelemetry";
import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import { AlwaysOffSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";

import { sample } from "./compare-forms.ts";
import { median } from "./median.ts";

const CALLERS = 256;

/** Exporters that throw everything away: what is measured is the work in the process, without that of a protocol. */
const spanExporter: SpanExporter = {
  export: (_spans, done) => done({ code: 0 }),
  shutdown: async () => {},
};
const metricExporter: PushMetricExporter = {
  export: (_metrics, done) => done({ code: 0 }),
  forceFlush: async () => {},
  shutdown: async () => {},
};

/** One way to observe the same work. `sdk`: whether contexts live and travel, which an SDK does. */
interface Way {
  readonly name: string;
  readonly sdk: boolean;
  readonly options?: OpenTelemetryOptions;
}

function ways(): readonly Way[] {
  const spanProcessors = [new BatchSpanProcessor({ exporter: spanExporter })];
  const recording = new TracerProvider({ spanProcessors });
  const sampledOut = new TracerProvider({ spanProcessors, sampler: new AlwaysOffSampler() });
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return [
    { name: "off", sdk: false },
    { name: "on, without an SDK", sdk: false, options: {} },
    { name: "spans, sampled out", sdk: true, options: { tracerProvider: sampledOut, metrics: false } },
    { name: "spans, recorded", sdk: true, options: { tracerProvider: recording, metrics: false } },
    { name: "metrics", sdk: true, options: { traces: false, meterProvider } },
    { name: "spans, recorded, and metrics", sdk: true, options: { tracerProvider: recording, meterProvider } },
  ];
}

/** Publishes and handles `count` messages, `CALLERS` publishes at a time. */
async function opened(adapter: Adapter, { options }: Way): Promise<(count: number) => Promise<void>> {
  const instrumentation = options === undefined ? [] : [openTelemetry(options)];
  const pubsub = await connect(adapter, { instrumentation });
  const topic = defineTopic(`bench-${randomUUID().slice(0, 8)}`, { codec: "bytes" });
  const subscription = defineSubscription(topic, "worker", { maxConcurrency: 1000 });
  const body = new Uint8Array(1024).fill(120);
  let left = 0;
  let finished = (): void => {};
  await pubsub.subscribe(subscription, async () => {
    left -= 1;
    if (left === 0) finished();
  });
  return async (count) => {
    left = count;
    const all = new Promise<void>((resolve) => (finished = resolve));
    let toPublish = count;
    const loop = async (): Promise<void> => {
      while (toPublish > 0) {
        toPublish -= 1;
        await pubsub.publish(topic, body);
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, loop));
    await all;
  };
}

/** What telemetry costs: CPU time of this process for each message, from the call of `publish` to the end of the handler. */
export async function benchOpenTelemetry(): Promise<void> {
  await compareWays("In memory", () => memory(), Number(process.env["COUNT"] ?? 30_000));
  const broker = await startBroker("nats");
  await compareWays("NATS", () => nats({ servers: broker.url }), Number(process.env["COUNT"] ?? 15_000));
  await broker.close();
}

async function compareWays(title: string, adapter: () => Adapter, count: number): Promise<void> {
  const rounds = Number(process.env["ROUNDS"] ?? 5);
  const contexts = new AsyncLocalStorageContextManager().enable();
  const all = await Promise.all(ways().map(async (way) => ({ way, run: await opened(adapter(), way) })));
  const micros = new Map<Way, number[]>(all.map(({ way }) => [way, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { way, run } of round % 2 === 0 ? all : all.toReversed()) {
      if (way.sdk) context.setGlobalContextManager(contexts);
      if (way.sdk) propagation.setGlobalPropagator(new W3CTraceContextPropagator());
      const { cpuMicros } = await sample(count, () => run(count));
      context.disable();
      contexts.enable();
      propagation.disable();
      if (round > 0) micros.get(way)?.push(cpuMicros);
    }
  }
  console.log(`\n${title}: medians of ${rounds} rounds of ${count} events of 1 KiB, both sides together`);
  const off = [...micros.values()][0] ?? [];
  for (const [{ name }, of] of micros) {
    const added = median(of.map((value, round) => value - (off[round] ?? Number.NaN)));
    const ratio = median(of.map((value, round) => value / (off[round] ?? Number.NaN)));
    // Other work of the machine only adds: the cheapest rounds are the nearest to a quiet one.
    const least = Math.min(...of) - Math.min(...off);
    const shown = [median(of), added, least].map((micros) => micros.toFixed(2).padStart(8));
    console.log(`  ${name.padEnd(32)}${shown[0]} µs ${shown[1]} µs more, at least ${shown[2]}  ${ratio.toFixed(2)}`);
  }
}
