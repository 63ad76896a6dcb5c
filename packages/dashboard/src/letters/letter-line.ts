import type { DeadLetter } from "@anytopic/core";
import { strictText } from "./strict-text.ts";
import { wireTime } from "./wire-time.ts";

/** One letter as one line of JSON, whole: as `anytopic dlq peek --json` writes it, and the body as text or in base64. */
export function letterLine(letter: DeadLetter): string {
  const { id, subscription, reason, errorName, errorMessage, attempts, orderingKey, attributes, body } = letter;
  const text = strictText(body);
  return JSON.stringify({
    id,
    subscription,
    reason,
    errorName,
    errorMessage,
    attempts,
    publishTime: wireTime(letter.publishTime),
    expiresAt: wireTime(letter.expiresAt),
    firstFailureTime: wireTime(letter.firstFailureTime),
    lastFailureTime: wireTime(letter.lastFailureTime),
    orderingKey: orderingKey ?? null,
    attributes,
    body: text ?? Buffer.from(body).toString("base64"),
    bodyEncoding: text === undefined ? "base64" : "utf8",
  });
}
