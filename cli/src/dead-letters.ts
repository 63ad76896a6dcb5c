import type { DeadLetter } from "@anytopic/core";
import { shownAttributes } from "./shown-body.ts";

/** A dead letter without its body, as `--json` prints it. */
export function letterDocument(letter: DeadLetter): Record<string, unknown> {
  const { id, reason, errorName, errorMessage, attempts, attributes, orderingKey, subscription, body } = letter;
  return {
    id,
    subscription,
    reason,
    errorName,
    errorMessage,
    attempts,
    publishTime: letter.publishTime.toISOString(),
    firstFailureTime: letter.firstFailureTime?.toISOString() ?? null,
    lastFailureTime: letter.lastFailureTime.toISOString(),
    orderingKey: orderingKey ?? null,
    attributes,
    bodyBytes: body.byteLength,
  };
}

/** `Error: no such account`, on one line. */
export function shownFailure({ errorName, errorMessage }: DeadLetter): string {
  const text = [errorName, errorMessage].filter((part) => part !== "").join(": ");
  return text.replaceAll(/\s+/g, " ");
}

export function shownLetterAttributes({ attributes, orderingKey }: DeadLetter): string {
  const key = orderingKey === undefined ? "" : `key=${orderingKey} `;
  return key + shownAttributes(attributes);
}
