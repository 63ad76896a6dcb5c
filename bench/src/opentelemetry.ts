import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

import { startBroker } from "@anytopic/brokers";
import { type Adapter, connect, defineSubscription, defineTopic, type Instrumentation } from "@anytopic/core";
import { memory } from "@anytopic/memory";
import { nats } from "@anytopic/nats";
import { openTelemetry } from "@anytopic/opentelemetry";
import { context, propagation } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";
import { AlwaysOffSampler, BatchSpanProcessor, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";

import { sample } from "./compare-forms.ts";
import { median } from "./median.ts";
import { byHand } from "./opentelemetry-floor.ts";

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

type Run = (count: number) => Promise<void>;

/** One way to observe the same work. `sdk`: whether contexts live and travel, which an SDK does. */
interface Way {
  readonly name: string;
  readonly sdk: boolean;
  readonly instrumentation: readonly Instrumentation[];
  /** Present for work without anytopic. */
  readonly run?: Run;
  /** The way that this one is compared with. @default the first one */
  readonly base?: string;
}

/** The middleware of the guide: a store around each handler. */
function tenants(): Instrumentation {
  const storage = new AsyncLocalStorage<string>();
  return { handle: (attempt, run) => storage.run(attempt.attributes["tenant"] ?? "none", run) };
}

function ways(): readonly Way[] {
  const spanProcessors = [new BatchSpanProcessor({ exporter: spanExporter })];
  const recording = new TracerProvider({ spanProcessors });
  const sampledOut = new TracerProvider({ spanProcessors, sampler: new AlwaysOffSampler() });
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const on = (name: string, sdk: boolean, ...options: Parameters<typeof openTelemetry>): Way => ({
    name,
    sdk,
    instrumentation: [openTelemetry(...options)],
  });
  return [
    { name: "off", sdk: false, instrumentation: [] },
    { name: "off, once more", sdk: false, instrumentation: [] },
    {
      name: "an empty instrumentation",
      sdk: false,
      instrumentation: [{ publish: () => {}, handle: (_, run) => run() }],
    },
    { name: "AsyncLocalStorage around handlers", sdk: false, instrumentation: [tenants()] },
    on("on, without an SDK", false),
    on("spans, sampled out", true, { tracerProvider: sampledOut, metrics: false }),
    on("spans, recorded", true, { tracerProvider: recording, metrics: false }),
    on("metrics", true, { traces: false, meterProvider }),
    on("spans, recorded, and metrics", true, { tracerProvider: recording, meterProvider }),
    { name: "no anytopic", sdk: false, instrumentation: [], run: byHand(undefined, CALLERS) },
    {
      name: "no anytopic, spans by hand",
      sdk: true,
      instrumentation: [],
      run: byHand(recording, CALLERS),
      base: "no anytopic",
    },
  ];
}

/** Publishes and handles `count` messages, `CALLERS` publishes at a time. */
async function opened(adapter: Adapter, { instrumentation, run }: Way): Promise<Run> {
  if (run !== undefined) return run;
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
  if (process.env["ONLY"] === "memory") return;
  const broker = await startBroker("nats");
  await compareWays("NATS", () => nats({ servers: broker.url }), Number(process.env["COUNT"] ?? 15_000));
  await broker.close();
}

async function compareWays(title: string, adapter: () => Adapter, count: number): Promise<void> {
  const rounds = Number(process.env["ROUNDS"] ?? 5);
  const only = process.env["WAYS"]?.split(";");
  const contexts = new AsyncLocalStorageContextManager().enable();
  const chosen = ways().filter(({ name }) => only?.includes(name) ?? true);
  const all = await Promise.all(chosen.map(async (way) => ({ way, run: await opened(adapter(), way) })));
  const micros = new Map<string, number[]>(all.map(({ way }) => [way.name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const { way, run } of round % 2 === 0 ? all : all.toReversed()) {
      if (way.sdk) context.setGlobalContextManager(contexts);
      if (way.sdk) propagation.setGlobalPropagator(new W3CTraceContextPropagator());
      const { cpuMicros } = await sample(count, () => run(count));
      context.disable();
      contexts.enable();
      propagation.disable();
      if (round >= 0) micros.get(way.name)?.push(cpuMicros);
    }
  }
  console.log(`\n${title}: medians of ${rounds} rounds of ${count} events of 1 KiB, both sides together`);
  for (const { way } of all) {
    const of = micros.get(way.name) ?? [];
    const base = micros.get(way.base ?? all[0]?.way.name ?? "") ?? [];
    const added = median(of.map((value, round) => value - (base[round] ?? Number.NaN)));
    const ratio = median(of.map((value, round) => value / (base[round] ?? Number.NaN)));
    // Other work of the machine only adds: the cheapest rounds are the nearest to a quiet one.
    const least = Math.min(...of) - Math.min(...base);
    const shown = [median(of), added, least].map((micros) => micros.toFixed(2).padStart(8));
    console.log(
      `  ${way.name.padEnd(34)}${shown[0]} µs ${shown[1]} µs more, at least ${shown[2]}  ${ratio.toFixed(2)}`,
    );
  }
}
