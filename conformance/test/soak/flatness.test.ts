import { growths, type HistoryLine, notFlat } from "@anytopic/conformance";
import { expect, test } from "vitest";

const MIB = 1024 ** 2;

interface Numbers {
  readonly heap?: number;
  readonly timers?: number;
  readonly sockets?: number;
  readonly descriptors?: number;
}

const samplesOf = (minutes: number, by: string, at: (minute: number) => Numbers): readonly HistoryLine[] =>
  Array.from({ length: minutes }, (_, index): HistoryLine => {
    const minute = index + 1;
    const { heap = 20 * MIB, timers = 12, sockets = 2, descriptors = 25 } = at(minute);
    return {
      atMs: minute * 60_000,
      by,
      type: "sample",
      minute,
      heapBytes: heap,
      externalBytes: MIB,
      rssBytes: 90 * MIB,
      descriptors,
      resources: { Timeout: timers, TCPSocketWrap: sockets },
    };
  });

const found = (history: readonly HistoryLine[]): readonly string[] =>
  notFlat(growths(history)).map(({ process, what }) => `${process} ${what}`);

test("what warms up, swings, or has a bad moment is flat", () => {
  const history = samplesOf(60, "w1#1", (minute) => ({
    heap: (Math.min(minute, 10) + 15 + (minute % 3) * 0.2 + (minute === 50 ? 30 : 0)) * MIB,
    timers: 12 + (minute % 4),
    sockets: minute === 45 ? 9 : 2,
  }));
  expect(found(history)).toEqual([]);
});

test("a heap that grows by 100 KiB a minute is not", () => {
  expect(found(samplesOf(60, "w1#1", (minute) => ({ heap: 20 * MIB + minute * 100 * 1024 })))).toEqual(["w1#1 heap"]);
});

test("a socket that each tenth fault leaves open is found, also among swings", () => {
  const history = samplesOf(60, "w1#1", (minute) => ({
    sockets: 2 + Math.floor(minute / 10),
    timers: 12 + (minute % 4),
    descriptors: 25 + Math.floor(minute / 5),
  }));
  expect(found(history)).toEqual(["w1#1 descriptors", "w1#1 TCPSocketWrap"]);
});

test("a process that ended before the last sample, or has few, is not judged", () => {
  const leaking = (minute: number): Numbers => ({ heap: minute * MIB });
  const survivor = samplesOf(60, "p1#1", () => ({}));
  expect(growths([...samplesOf(50, "w3#1", leaking), ...survivor]).every(({ process }) => process === "p1#1")).toBe(
    true,
  );
  expect(growths(samplesOf(8, "w1#1", leaking))).toEqual([]);
  const young = samplesOf(60, "w3#2", leaking).filter((line) => line.type === "sample" && line.minute > 40);
  expect(growths(young)).toEqual([]);
});
