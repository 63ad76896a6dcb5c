import { types } from "node:util";

import { ACK, inspectable, type Outcome, outcomeOf } from "../outcome.ts";
import { kindOf } from "../../base/shown.ts";

/**
 * The outcome of each message of a batch whose handler has returned `value`. Only a list says something: any other value is ignored, as
 * what a handler of one message returns. `undefined` when every message succeeded.
 *
 * @throws TypeError when the list has another length, or an entry that is no outcome
 */
export function batchOutcomes(value: unknown, messages: number): readonly Outcome[] | undefined {
  if (!Array.isArray(value)) return undefined;
  if (value.length !== messages) {
    throw new TypeError(
      `the batch handler returned ${value.length} outcomes for ${messages} messages: must be one for each, or nothing`,
    );
  }
  // Not `map`, which skips holes.
  return Array.from(value as readonly unknown[], (outcome, index) => {
    if (outcome === "ack") return ACK;
    if (isError(outcome)) return outcomeOf(outcome);
    const is = typeof outcome === "string" ? "another text" : kindOf(outcome);
    throw new TypeError(`the batch handler returned outcome ${index}, which is ${is}: must be "ack" or an Error`);
  });
}

/** Also of another realm, as in test runners. A revoked proxy is none. */
function isError(value: unknown): boolean {
  return inspectable(value) === value && (types.isNativeError(value) || value instanceof Error);
}
