import { makeSoakSchedule } from "@anytopic/conformance";
import { expect, test } from "vitest";
import { STEP_KINDS } from "../../src/chaos/schedule.ts";
import { capabilities } from "../chaos/written-history.ts";

const abilities = {
  capabilities: {
    ...capabilities,
    ordering: "per-key",
    exactlyOnce: "inbox",
    ackDeadline: { minMs: 1, maxMs: 60_000 },
    nackDelay: { maxMs: 60_000, granularityMs: 1 },
  },
  kinds: STEP_KINDS,
} as unknown as Parameters<typeof makeSoakSchedule>[1];

test("one fault and one redrive a minute; all kinds are used; only one process is killed and ended", () => {
  const { steps, topics, processes } = makeSoakSchedule(7, abilities, { minutes: 60 });
  const faults = steps.filter(({ kind }) => kind !== "redrive");
  expect(faults.map(({ atMs }) => Math.floor(atMs / 60_000))).toEqual(
    Array.from({ length: 60 }, (_, minute) => minute),
  );
  expect(steps.filter(({ kind }) => kind === "redrive")).toHaveLength(60);
  expect(new Set(steps.map(({ kind }) => kind))).toEqual(new Set(STEP_KINDS));
  expect(
    new Set(faults.filter(({ kind }) => kind === "kill" || kind === "end-process").map((one) => one.process)),
  ).toEqual(new Set(["w3"]));
  expect(topics).toHaveLength(4);
  expect(processes.map(({ name }) => name)).toEqual(["p1", "w1", "w2", "w3"]);
});

test("the same seed gives the same schedule", () => {
  const make = (seed: number): unknown => makeSoakSchedule(seed, abilities, { minutes: 20 });
  expect(make(3)).toEqual(make(3));
  expect(make(3)).not.toEqual(make(4));
});
