import { EventEmitter } from "node:events";

import { connect, defineSubscription, defineTopic } from "@anytopic/core";
import { promise as fastq } from "fastq";

import { sample } from "./compare-forms.ts";
import { nextEvent } from "./event.ts";
import type { Sample } from "./form.ts";
import { median } from "./median.ts";
import { anytopicLatency, compareLatency } from "./latency.ts";
import { nextOrder } from "./order.ts";

const COUNT = Number(process.env["COUNT"] ?? 50_000);
const CALLERS = 256;

/** From the call to the end of the handler, in one process. */
interface InProcess {
  readonly name: string;
  run(count: number): Promise<void>;
}

const encode = (event: unknown): Buffer => Buffer.from(JSON.stringify(event));
const decode = (body: Uint8Array): unknown =>
  JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());

/** `CALLERS` loops that each await their last call. */
async function drive(count: number, call: () => Promise<unknown>): Promise<void> {
  let left = count;
  const loop = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, loop));
}

function plainCalls<Payload>(name: string, make: () => Payload, take: (payload: Payload) => unknown): InProcess[] {
  const handler = async (payload: Payload): Promise<void> => void take(payload);
  const emitter = new EventEmitter();
  emitter.on("event", (payload: Payload) => take(payload));
  const queue = fastq(handler, CALLERS);
  return [
    { name: `plain async call, ${name}`, run: (count) => drive(count, () => handler(make())) },
    { name: `EventEmitter, ${name}`, run: (count) => drive(count, async () => emitter.emit("event", make())) },
    { name: `fastq, ${name}`, run: (count) => drive(count, () => queue.push(make())) },
  ];
}

async function anytopicInMemory(name: string, codec: "json" | "bytes", make: () => unknown): Promise<InProcess> {
  const pubsub = await connect("memory:");
  const topic = defineTopic(`bench-${codec}`, { codec });
  const subscription = defineSubscription(topic, "worker", { maxConcurrency: 1000 });
  let left = 0;
  let finished = (): void => {};
  await pubsub.subscribe(subscription, async () => {
    left -= 1;
    if (left === 0) finished();
  });
  return {
    name: `anytopic, ${name}`,
    async run(count): Promise<void> {
      left = count;
      const all = new Promise<void>((resolve) => (finished = resolve));
      await drive(count, () => pubsub.publish(topic, make()));
      await all;
    },
  };
}

/** The memory adapter against what it replaces. Ratios to the plain async call of the same kind. */
export async function benchMemory(): Promise<void> {
  const bytes = new Uint8Array(1024).fill(120);
  const withJson = async (name: string, make: () => unknown): Promise<InProcess[]> => [
    ...plainCalls(name, () => encode(make()), decode),
    await anytopicInMemory(name, "json", make),
  ];
  const withBytes = [
    ...plainCalls(
      "bytes",
      () => bytes,
      (body) => body.byteLength,
    ),
    await anytopicInMemory("bytes", "bytes", () => bytes),
  ];
  const groups = [await withJson("JSON", nextOrder), await withJson("JSON of one text", nextEvent), withBytes];
  for (const group of groups) await compareInProcess(group);
  await compareLatency([await anytopicLatency(await connect("memory:"))]);
}

async function compareInProcess(group: readonly InProcess[]): Promise<void> {
  const rounds = Number(process.env["ROUNDS"] ?? 5);
  const samples = new Map<InProcess, Sample[]>(group.map((one) => [one, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const one of round % 2 === 0 ? group : group.toReversed()) {
      const measured = await sample(COUNT, () => one.run(COUNT), true);
      if (round > 0) samples.get(one)?.push(measured);
    }
  }
  console.log(`\nIn memory: medians of ${rounds} rounds of ${COUNT} events of 1 KiB`);
  const base = (samples.get(group[0] as InProcess) ?? []).map(({ perSecond }) => perSecond);
  for (const [{ name }, of] of samples) {
    const rates = of.map(({ perSecond }) => perSecond);
    const ratio = median(rates.map((perSecond, round) => perSecond / (base[round] ?? Number.NaN)));
    const shown = Math.round(median(rates)).toLocaleString("en").padStart(12);
    const peakMegabytes = median(of.map(({ peakBytes }) => peakBytes)) / 1e6;
    console.log(
      `  ${name.padEnd(36)}${shown} msg/s ${peakMegabytes.toFixed(0).padStart(5)} MB peak  ${ratio.toFixed(2)}`,
    );
  }
}
