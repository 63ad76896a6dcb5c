import type { DeadLetter, DeadLetterReason } from "@anytopic/core";
import type { OptionSpecs } from "./command.ts";
import type { Given } from "./given.ts";
import { parseDurationMs } from "./duration.ts";
import { parseAttributes } from "./parse-attributes.ts";
import { parseCount } from "./parse-count.ts";

const REASONS: readonly DeadLetterReason[] = [
  "rejected",
  "retries-exhausted",
  "undecodable",
  "invalid",
  "expired",
  "backstop",
];

/** Flags that choose dead letters; those given must all apply. */
export const LETTER_OPTIONS: OptionSpecs = Object.freeze({
  reason: { type: "string", value: "REASON", choices: REASONS, description: `why it is there: ${REASONS.join(", ")}` },
  "older-than": { type: "string", value: "AGE", description: "its last failure is longer ago: 30s, 15m, 1h, 2d" },
  attribute: {
    type: "string",
    value: "KEY=VALUE",
    multiple: true,
    description: "it has this attribute; may be repeated, all must apply",
  },
  limit: { type: "string", value: "N", description: "at most so many" },
});

export interface LetterChoice {
  /** Undefined when every letter is chosen. */
  readonly filter: ((letter: DeadLetter) => boolean) | undefined;
  readonly limit: number | undefined;
}

/** @throws UsageError */
export function letterChoice(given: Given, maxLimit: number): LetterChoice {
  const reason = given.text("reason");
  const age = given.text("older-than");
  const attributes = Object.entries(parseAttributes(given.texts("attribute")));
  const beforeMs = age === undefined ? undefined : Date.now() - parseDurationMs("older-than", age);
  const limit = given.text("limit");
  const isAll = reason === undefined && beforeMs === undefined && attributes.length === 0;
  return {
    limit: limit === undefined ? undefined : parseCount("limit", limit, 1, maxLimit),
    filter: isAll
      ? undefined
      : (letter) =>
          (reason === undefined || letter.reason === reason) &&
          (beforeMs === undefined || letter.lastFailureTime.getTime() <= beforeMs) &&
          attributes.every(([key, value]) => letter.attributes[key] === value),
  };
}
