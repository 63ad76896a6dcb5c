import { DEFAULT_FIGURES, type FigureName, figureProblem } from "../../../../src/cost/index.ts";
import { amountOf } from "./amount.ts";

export interface FigureField {
  readonly name: FigureName;
  readonly label: string;
  readonly hint: string;
}

/** What the form asks, in this order. */
export const FIELDS: readonly FigureField[] = [
  { name: "messagesPerMonth", label: "Messages a month", hint: "published to each topic; 10M is ten million" },
  { name: "bytes", label: "Bytes of a message", hint: "of the encoded event, on average" },
  { name: "activeHoursPerDay", label: "Active hours a day", hint: "in which the messages come, evenly" },
  { name: "publishers", label: "Publishing processes", hint: "for each topic" },
  { name: "workers", label: "Workers", hint: "processes, for each subscription" },
  { name: "handlingMs", label: "Handler time, ms", hint: "of one message, on average" },
  { name: "retriesPerMessage", label: "Retries of a message", hint: "on average; 0.05 is one message in twenty" },
  { name: "passes", label: "Passes a filter", hint: "the share, 0 to 1, where there is a filter" },
  { name: "fill", label: "Messages in a request", hint: "1 to 10; left empty, it follows from the rate" },
];

export interface EnteredFigure {
  readonly text: string;
  /** `undefined`: nothing was entered, or nothing that can be used. */
  readonly value: number | undefined;
  readonly problem: string | undefined;
}

/** A figure as it stands in the address, under this name. */
export function enteredFigure(query: URLSearchParams, name: FigureName, key: string = name): EnteredFigure {
  const text = query.get(key) ?? "";
  if (text.trim() === "") return { text, value: undefined, problem: undefined };
  const value = amountOf(text);
  const problem = value === undefined ? "must be a number, such as 1500 or 10M" : figureProblem(name, value);
  return { text, value: problem === undefined ? value : undefined, problem };
}

/** What is calculated with when nothing is entered. */
export function shownDefault(name: FigureName): string {
  return DEFAULT_FIGURES[name]?.toLocaleString("en-US") ?? "from the rate";
}
