import { PubSubError } from "./errors.ts";
import type { StandardIssue, StandardResult } from "./standard-schema.ts";

/** Paths and messages of the issues, for an error message. Schemas' messages name types and constraints, not values. */
function issueList(issues: readonly StandardIssue[]): string {
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
