import type { SubscriptionFigures, TopicFigures } from "./declared-load.ts";

/** A number of a load. */
export type FigureName = keyof TopicFigures | keyof SubscriptionFigures;

/** A range of a figure, and whether it must be a whole number. */
export interface FigureLimits {
  /** The smallest value. */
  readonly min: number;
  /** The largest value. */
  readonly max: number;
  /** The unit, for messages. @default none */
  readonly unit?: string;
  /** Whether it is a whole number. @default false */
  readonly whole?: boolean;
}

/** What can be calculated with. Beyond it a number is a mistake. */
export const FIGURE_LIMITS: Readonly<Record<FigureName, FigureLimits>> = {
  messagesPerMonth: { min: 0, max: 1e15 },
  bytes: { min: 0, max: 10_000_000, unit: "bytes" },
  attributes: { min: 0, max: 100 },
  attributeBytes: { min: 0, max: 1_000_000, unit: "bytes" },
  orderingKeyBytes: { min: 1, max: 1024, unit: "bytes" },
  activeHoursPerDay: { min: 0.01, max: 24, unit: "hours" },
  publishers: { min: 1, max: 1_000_000, whole: true },
  retriesPerMessage: { min: 0, max: 1_000_000 },
  workers: { min: 1, max: 1_000_000, whole: true },
  handlingMs: { min: 0, max: 43_200_000, unit: "ms" },
  passes: { min: 0, max: 1 },
  fill: { min: 1, max: 500 },
};

/** Says what is wrong with a figure; `undefined` when it can be used. */
export function figureProblem(name: FigureName, value: unknown): string | undefined {
  const { min, max, unit, whole = false } = FIGURE_LIMITS[name];
  const isRight = typeof value === "number" && value >= min && value <= max && (!whole || Number.isInteger(value));
  if (isRight) return undefined;
  const range = `${min.toLocaleString("en-US")} to ${max.toLocaleString("en-US")}`;
  return `must be a ${whole ? "whole " : ""}number from ${range}${unit === undefined ? "" : ` ${unit}`}`;
}
