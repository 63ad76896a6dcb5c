import type { HistoryLine } from "../chaos/history.ts";
import { grouped, linesOf, type LineOf } from "../chaos/read-runs.ts";

/** One number of one process over the last half of the soak. */
export interface Growth {
  /** Which life of which process. */
  readonly process: string;
  /** `heap`, `external`, `descriptors`, or a kind of `process.getActiveResourcesInfo()`. */
  readonly what: string;
  readonly samples: number;
  readonly first: number;
  readonly median: number;
  readonly last: number;
  readonly highest: number;
  /** The median slope over the last half, times its length: what was added. Bytes or count. */
  readonly grew: number;
  /** How much may be added. */
  readonly permitted: number;
}

/** Fewer say nothing. */
const LEAST_SAMPLES = 6;
const MIB = 1024 ** 2;
/** Code that is compiled late, and tables that fill up once. */
const HEAP_BYTES = 1 * MIB;
const HEAP_SHARE = 0.05;
const EXTERNAL_BYTES = 2 * MIB;
/** A connection that is being made, or a pause, at the moment of a sample. */
const COUNT = 2;
const COUNT_SHARE = 0.1;

/**
 * What grew in the last half of the samples of every process that lived in both halves, until the end. The slope is the median of the slopes
 * between all pairs (Theil and Sen), so that a few samples in a bad moment change nothing, and one thing more with each fault does.
 */
export function growths(history: readonly HistoryLine[]): readonly Growth[] {
  const samples = grouped(linesOf(history, "sample"), ({ by }) => by);
  const lastMinute = Math.max(0, ...linesOf(history, "sample").map(({ minute }) => minute));
  return [...samples].flatMap(([process, all]) => {
    const half = all.filter(({ minute }) => minute > lastMinute / 2);
    // A process that was started in the last half still warms up.
    const isYoung = half.length === all.length;
    if (isYoung || half.length < LEAST_SAMPLES || half.at(-1)?.minute !== lastMinute) return [];
    return seriesOf(half).map(([what, values]) => growthOf(process, what, half, values));
  });
}

/** Those that grew by more than is permitted. */
export function notFlat(all: readonly Growth[]): readonly Growth[] {
  return all.filter(({ grew, permitted }) => grew > permitted);
}

type Sample = LineOf<"sample">;

function seriesOf(samples: readonly Sample[]): readonly (readonly [what: string, values: readonly number[]])[] {
  const kinds = [...new Set(samples.flatMap(({ resources }) => Object.keys(resources)))].toSorted();
  const descriptors = samples.map((sample) => sample.descriptors);
  return [
    ["heap", samples.map(({ heapBytes }) => heapBytes)],
    ["external", samples.map(({ externalBytes }) => externalBytes)],
    ...(descriptors.every((count) => count !== undefined) ? [["descriptors", descriptors] as const] : []),
    ...kinds.map((kind) => [kind, samples.map(({ resources }) => resources[kind] ?? 0)] as const),
  ];
}

function growthOf(process: string, what: string, samples: readonly Sample[], values: readonly number[]): Growth {
  const middle = medianOf(values);
  const minutes = samples.map(({ minute }) => minute);
  const slopes = values.flatMap((value, index) =>
    values.slice(0, index).map((before, other) => (value - before) / ((minutes[index] ?? 0) - (minutes[other] ?? 0))),
  );
  const span = (minutes.at(-1) ?? 0) - (minutes[0] ?? 0);
  return {
    process,
    what,
    samples: values.length,
    first: values[0] ?? 0,
    median: middle,
    last: values.at(-1) ?? 0,
    highest: Math.max(...values),
    grew: medianOf(slopes) * span,
    permitted: permittedOf(what, middle),
  };
}

function permittedOf(what: string, middle: number): number {
  if (what === "heap") return Math.max(HEAP_BYTES, HEAP_SHARE * middle);
  if (what === "external") return EXTERNAL_BYTES;
  return Math.max(COUNT, COUNT_SHARE * middle);
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
