import type { DeadLetter } from "@anytopic/core";
import { timeForTerminal } from "./for-terminal.ts";

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
    publishTime: timeForTerminal(letter.publishTime),
    expiresAt: letter.expiresAt === undefined ? null : timeForTerminal(letter.expiresAt),
    firstFailureTime: letter.firstFailureTime === undefined ? null : timeForTerminal(letter.firstFailureTime),
    lastFailureTime: timeForTerminal(letter.lastFailureTime),
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
