import { PubSubError } from "../base/errors.ts";
import { isPromise } from "../base/promise-like.ts";
import type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";

/** Paths and messages of the issues, for an error message. A schema's messages contain types and constraints, not values. */
export function issueList(issues: readonly StandardIssue[]): string {
  const words = issues.slice(0, 5).map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  if (issues.length > words.length) words.push(`and ${issues.length - words.length} more`);
  return words.join("; ");
}

/** Returns the validated value. @throws PubSubError `INVALID_MESSAGE` that lists the issues */
export function validatedValue<Value>(what: string, result: StandardResult<Value>): Value {
  if (result.issues === undefined) return result.value;
  throw new PubSubError("INVALID_MESSAGE", `${what} does not fit the topic's schema: ${issueList(result.issues)}`);
}

/** Validates with the schema of a topic. @throws PubSubError `INVALID_MESSAGE` when the schema throws; a promise rejects with the same */
export function schemaResult(
  topic: string,
  schema: StandardSchema<unknown, unknown>,
  value: unknown,
): StandardResult<unknown> | Promise<StandardResult<unknown>> {
  try {
    const result = schema["~standard"].validate(value);
    if (!isPromise(result)) return result;
    return Promise.resolve(result).catch((error: unknown) => Promise.reject(threw(topic, error)));
  } catch (error) {
    throw threw(topic, error);
  }
}

function threw(topic: string, error: unknown): PubSubError {
  return new PubSubError("INVALID_MESSAGE", `topic "${topic}": the schema threw`, { cause: error });
}
