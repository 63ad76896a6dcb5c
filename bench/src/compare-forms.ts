import type { Form, Sample } from "./form.ts";
import { median } from "./median.ts";
import { watchMemory } from "./peak-memory.ts";

export interface CompareOptions {
  readonly title: string;
  /** Events per run. */
  readonly count: number;
  /** Counted rounds, after one warm-up round. @default 5, or ROUNDS */
  readonly rounds?: number;
  /**
   * Also compares publishing and consuming together, for brokers that do part of the one while the other is measured.
   * @default false
   */
  readonly together?: boolean;
}

/**
 * Runs every form in each round, in random order, since the form before affects the next one. Measures publishing and
 * consuming separately, and prints medians and ratios to the first form, the raw client. Each form consumes what it
 * published. The peaks of memory are of one more round, which is not timed.
 */
export async function compareForms(forms: readonly Form[], options: CompareOptions): Promise<void> {
  const rounds = options.rounds ?? Number(process.env["ROUNDS"] ?? 5);
  const publishes = new Map<Form, Sample[]>(forms.map((form) => [form, []]));
  const consumes = new Map<Form, Sample[]>(forms.map((form) => [form, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const form of shuffled(forms)) {
      await form.idle?.();
      const publish = await sample(options.count, () => form.publish(options.count));
      const consume = await sample(options.count, () => form.consume(options.count));
      if (round === 0) continue;
      publishes.get(form)?.push(publish);
      consumes.get(form)?.push(consume);
    }
  }
  for (const form of forms) {
    await form.idle?.();
    withPeak(publishes, form, await peakOf(() => form.publish(options.count)));
    withPeak(consumes, form, await peakOf(() => form.consume(options.count)));
  }
  console.log(`\n${options.title}: medians of ${rounds} rounds of ${options.count} events of 1 KiB`);
  print("publish", publishes);
  print("consume", consumes);
  if (options.together === true) print("together", together(forms, publishes, consumes));
  for (const form of forms) await form.close();
}

function shuffled(forms: readonly Form[]): Form[] {
  return forms
    .map((form) => ({ form, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ form }) => form);
}

function withPeak(samples: Map<Form, Sample[]>, form: Form, peakBytes: number): void {
  const taken = samples.get(form) ?? [];
  samples.set(
    form,
    taken.map((one) => ({ ...one, peakBytes })),
  );
}

async function peakOf(run: () => Promise<void>): Promise<number> {
  const peakBytes = watchMemory();
  await run();
  return peakBytes();
}

/** One run, timed. With its peak, it takes longer: a forced collection of garbage also makes V8 forget code that it had optimised. */
export async function sample(count: number, run: () => Promise<void>, withItsPeak = false): Promise<Sample> {
  const peakBytes = withItsPeak ? watchMemory() : () => Number.NaN;
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await run();
  const elapsedMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count / elapsedMs) * 1000, cpuMicros: (user + system) / count, peakBytes: peakBytes() };
}

type Samples = ReadonlyMap<Form, readonly Sample[]>;

/** Per round, one after the other. */
function together(forms: readonly Form[], publishes: Samples, consumes: Samples): Samples {
  const of = (form: Form): Sample[] => {
    const consumed = consumes.get(form) ?? [];
    return (publishes.get(form) ?? []).map(({ perSecond, cpuMicros, peakBytes }, round) => {
      const consume = consumed[round] ?? { perSecond: Number.NaN, cpuMicros: Number.NaN, peakBytes: Number.NaN };
      return {
        perSecond: 1 / (1 / perSecond + 1 / consume.perSecond),
        cpuMicros: cpuMicros + consume.cpuMicros,
        peakBytes: Math.max(peakBytes, consume.peakBytes),
      };
    });
  };
  return new Map(forms.map((form) => [form, of(form)]));
}

/** A ratio is the median over rounds: within one round all forms share the other load of the machine and the broker. */
function print(what: string, samples: Samples): void {
  const [first = []] = samples.values();
  for (const [{ name }, taken] of samples) {
    const perSecond = median(taken.map((one) => one.perSecond));
    const cpuMicros = median(taken.map((one) => one.cpuMicros));
    const peakMegabytes = median(taken.map((one) => one.peakBytes)) / 1e6;
    const ratio = median(taken.map((one, round) => one.perSecond / (first[round]?.perSecond ?? Number.NaN)));
    const rate = Math.round(perSecond).toLocaleString("en").padStart(10);
    const cost = `${cpuMicros.toFixed(1).padStart(8)} µs CPU ${peakMegabytes.toFixed(0).padStart(5)} MB peak`;
    console.log(`  ${what.padEnd(8)}  ${name.padEnd(36)}${rate} msg/s ${cost}  ${ratio.toFixed(2)}`);
  }
}
