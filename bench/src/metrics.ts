import { connect, defineSubscription, defineTopic, type Observer, type PubSubEvent } from "@anytopic/core";
import { metrics } from "@anytopic/metrics";
import { Counter, Histogram, Registry } from "prom-client";

import { sample } from "./compare-forms.ts";
import { median } from "./median.ts";

const COUNT = Number(process.env["COUNT"] ?? 100_000);
const ROUNDS = Number(process.env["ROUNDS"] ?? 9);
const CALLERS = 256;
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

interface Watched {
  readonly name: string;
  readonly observer: Observer | undefined;
}

/** What a team would write with prom-client for the same numbers of a message that succeeds. */
function promClient(): Observer {
  const registers = [new Registry()];
  const subscription = ["messaging_destination_name", "messaging_destination_subscription_name"];
  const help = "For the bench.";
  const sent = new Counter({ name: "sent_total", help, labelNames: ["messaging_destination_name"], registers });
  const consumed = new Counter({ name: "consumed_total", help, labelNames: subscription, registers });
  const histogram = (name: string, labelNames: string[]): Histogram =>
    new Histogram({ name, help, labelNames, buckets: BOUNDS, registers });
  const operation = histogram("operation_seconds", ["messaging_destination_name", "messaging_operation_name"]);
  const latency = histogram("latency_seconds", subscription);
  const processing = histogram("process_seconds", subscription);
  return (event) => {
    if (!("topic" in event)) return;
    const topic = { messaging_destination_name: event.topic };
    if (event.type === "published") {
      sent.inc(topic);
      operation.observe({ ...topic, messaging_operation_name: "publish" }, event.durationMs / 1000);
    }
    if (!("subscription" in event)) return;
    const labels = { ...topic, messaging_destination_subscription_name: event.subscription };
    if (event.type === "deliver") {
      consumed.inc(labels);
      latency.observe(labels, Math.max(0, event.atMs - event.publishTimeMs) / 1000);
    }
    if (event.type === "ack") processing.observe(labels, event.durationMs / 1000);
  };
}

const watched = (): readonly Watched[] => [
  { name: "no observer", observer: undefined },
  { name: "an observer that does nothing", observer: () => {} },
  { name: "@anytopic/metrics", observer: metrics().observer },
  { name: "prom-client, the same numbers", observer: promClient() },
];

/** What metrics cost: of a message in memory, as ratios to one without an observer, and of the four events of a message alone. */
export async function benchMetrics(): Promise<void> {
  await compareMessages(await Promise.all(watched().map(openedForm)));
  compareEvents(watched().slice(1));
}

interface OpenedForm {
  readonly name: string;
  run(): Promise<void>;
}

async function openedForm({ name, observer }: Watched): Promise<OpenedForm> {
  const pubsub = await connect("memory:", { observer });
  const topic = defineTopic("bench", { codec: "bytes" });
  const body = new Uint8Array(1024).fill(120);
  let left = 0;
  let finished = (): void => {};
  await pubsub.subscribe(defineSubscription(topic, "worker", { maxConcurrency: 1000 }), async () => {
    left -= 1;
    if (left === 0) finished();
  });
  const caller = async (): Promise<void> => {
    for (let publish = 0; publish < COUNT / CALLERS; publish += 1) await pubsub.publish(topic, body);
  };
  return {
    name,
    async run(): Promise<void> {
      left = Math.ceil(COUNT / CALLERS) * CALLERS;
      const all = new Promise<void>((resolve) => (finished = resolve));
      await Promise.all(Array.from({ length: CALLERS }, caller));
      await all;
    },
  };
}

/** All forms in each round, forwards and backwards in turn. */
async function compareMessages(forms: readonly OpenedForm[]): Promise<void> {
  const taken = new Map<OpenedForm, number[]>(forms.map((form) => [form, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const form of round % 2 === 0 ? forms : forms.toReversed()) {
      const { cpuMicros } = await sample(COUNT, () => form.run());
      if (round > 0) taken.get(form)?.push(cpuMicros);
    }
  }
  console.log(`\nMetrics: CPU of a message of bytes in memory, medians of ${ROUNDS} rounds of ${COUNT}`);
  const [first = []] = taken.values();
  for (const [{ name }, micros] of taken) {
    const ratio = median(micros.map((of, round) => of / (first[round] ?? Number.NaN)));
    const more = median(micros.map((of, round) => of - (first[round] ?? Number.NaN)));
    console.log(
      `  ${name.padEnd(36)}${median(micros).toFixed(2)} µs  ${more.toFixed(2).padStart(6)} more  ${ratio.toFixed(2)}`,
    );
  }
}

function compareEvents(observers: readonly Watched[]): void {
  const names = { topic: "bench", id: "1", atMs: 2 };
  const consumed = { ...names, subscription: "worker", attempt: 1 };
  const events: readonly PubSubEvent[] = [
    { ...names, type: "publish", bytes: 1024 },
    { ...names, type: "published", durationMs: 0.02 },
    { ...consumed, type: "deliver", publishTimeMs: 1 },
    { ...consumed, type: "ack", durationMs: 0.3 },
  ];
  console.log(`\nMetrics: the four events of a message, medians of ${ROUNDS} rounds of ${COUNT} messages`);
  const nanos = observers.map(() => [] as number[]);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, { observer }] of observers.entries()) {
      const startedMs = performance.now();
      for (let message = 0; message < COUNT; message += 1) for (const event of events) observer?.(event);
      if (round > 0) nanos[index]?.push(((performance.now() - startedMs) * 1e6) / COUNT);
    }
  }
  const ours = median(nanos[1] ?? []);
  for (const [index, { name }] of observers.entries()) {
    const own = median(nanos[index] ?? []);
    console.log(`  ${name.padEnd(36)}${own.toFixed(0).padStart(6)} ns  ${(own / ours).toFixed(2)}`);
  }
}
