import { isDeepStrictEqual } from "node:util";

import { PubSubError } from "../base/errors.ts";
import { partAt, pathText, type InexactPart } from "./json-exactness.ts";
import { isPromise } from "../base/promise-like.ts";
import { issueList, schemaResult, validatedValue } from "./schema-validation.ts";
import type { StandardResult, StandardSchema } from "./standard-schema.ts";

export interface SchemaCheck {
  readonly topic: string;
  readonly schema: StandardSchema<unknown, unknown>;
  readonly event: unknown;
  /** The parts that JSON changes. */
  readonly parts: readonly InexactPart[];
  /** The schema's result for the decoded event. */
  readonly result: StandardResult<unknown> | Promise<StandardResult<unknown>>;
}

/** By schema: places where it has accepted a part whose form JSON changes; at most `MAX_PROVEN` per schema. */
const proven = new WeakMap<object, Set<string>>();
const MAX_PROVEN = 1000;

/** Whether JSON changes only the form of these parts, and the schema has accepted that at all of these places. */
export function isProven(schema: object, parts: readonly InexactPart[]): boolean {
  const places = proven.get(schema);
  return places !== undefined && parts.every((part) => part.fate.formOnly === true && places.has(placeOf(part)));
}

/**
 * Requires that the schema accepts the decoded event. For each part that JSON has changed, its output must be the same as for the original
 * event, or equal the original part. Parts that JSON does not change are not compared, because a default may have another value
 * each time; neither are parts that the schema leaves out.
 *
 * @param before the output of a synchronous schema for the original event
 * @returns a promise when the schema is asynchronous
 * @throws PubSubError `INVALID_MESSAGE`, or the promise rejects with it
 */
export function requireSameFromSchema(
  check: SchemaCheck,
  before: { readonly output: unknown } | undefined,
): Promise<void> | undefined {
  const { topic, schema, event, result } = check;
  const parts = check.parts.filter(({ fate }) => fate.formOnly !== true);
  // Copied, because the caller may change them.
  const given = parts.map(({ value }) => (value instanceof Date ? new Date(value) : value));
  const compare = (after: unknown, original: unknown): void => {
    for (const [index, part] of parts.entries()) {
      const arrived = partAt(after, part.path);
      if (isDeepStrictEqual(arrived, given[index]) || isDeepStrictEqual(arrived, partAt(original, part.path))) continue;
      throw changed(topic, part, "makes something else of it then");
    }
    prove(schema, check.parts);
  };
  if (before !== undefined && !isPromise(result)) {
    compare(accepted(check, result), before.output);
    return undefined;
  }
  const original = parts.length === 0 ? { output: undefined } : (before ?? schemaResult(topic, schema, event));
  return (async () => {
    const after = accepted(check, await result);
    compare(after, "output" in original ? original.output : validatedValue(eventOf(topic), await original));
  })();
}

/** The error names the first changed part, which is most likely why the schema refuses the decoded event. */
function accepted({ topic, parts }: SchemaCheck, result: StandardResult<unknown>): unknown {
  const part = parts.find(({ fate }) => fate.formOnly !== true) ?? parts[0];
  if (result.issues === undefined || part === undefined) return validatedValue(eventOf(topic), result);
  throw changed(topic, part, `refuses it then (${issueList(result.issues)})`);
}

function changed(topic: string, { path, fate }: InexactPart, why: string): PubSubError {
  return new PubSubError(
    "INVALID_MESSAGE",
    `topic "${topic}": ${pathText(path)} is ${fate.words}, and the topic's schema ${why}. Remedy: ${fate.remedy}`,
  );
}

function prove(schema: object, parts: readonly InexactPart[]): void {
  const places = proven.get(schema) ?? new Set();
  proven.set(schema, places);
  for (const part of parts) {
    if (part.fate.formOnly === true && places.size < MAX_PROVEN) places.add(placeOf(part));
  }
}

/** All elements of an array are one place. */
function placeOf({ path, fate }: InexactPart): string {
  return JSON.stringify([fate.words, ...path.map((part) => (typeof part === "number" ? 0 : part))]);
}

function eventOf(topic: string): string {
  return `topic "${topic}": the event`;
}
