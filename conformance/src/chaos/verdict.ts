import type { StepKind } from "./schedule.ts";

/** The checks of a chaos history, by name. */
export type ChaosCheck =
  | "lost"
  | "damaged"
  | "second-success"
  | "needless-repeat"
  | "order"
  | "attempts"
  | "early-delay"
  | "concurrency"
  | "recovery"
  | "closing"
  | "health"
  | "stray"
  | "flat"
  | "run";

/** A promise that was broken in a chaos run. */
export interface ChaosViolation {
  readonly check: ChaosCheck;
  /** What was seen, with ids and times. */
  readonly text: string;
}

/** What is permitted, and worth a number. */
export interface ChaosNumbers {
  /** How often each step was done. */
  readonly steps: Readonly<Partial<Record<StepKind, number>>>;
  readonly accepted: number;
  readonly runs: number;
  readonly successes: number;
  /** Second successes on at-least-once topics. */
  readonly repeats: number;
  readonly deadLetters: number;
  /** The longest time after the last fault in which a topic with waiting messages stood still, in ms; undefined when there was no fault. */
  readonly recoveryMs: number | undefined;
  /** Starts that had the number of an earlier one, by a known fault of the broker. */
  readonly hiddenStarts: number;
  /** Starts of a second copy: a fault came between a retry, which is a copy on this broker, and the acknowledgement of its original. */
  readonly copiedStarts: number;
  /** Second successes on exactly-once topics after a process was killed between effect and mark: the open point of C21. */
  readonly killedBeforeMark: number;
  /** Second successes on exactly-once topics of a handler whose process stood still for as long as its claim lasts. */
  readonly stoodStill: number;
}
