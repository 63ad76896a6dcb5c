import { createHash } from "node:crypto";
import type { DeadLetter } from "@anytopic/core";
import { maskedMessage } from "./masked-message.ts";

type Failed = Pick<DeadLetter, "reason" | "errorName" | "errorMessage">;

/** The group of a letter: same reason, same name of the error, same masked message. */
export function groupKey({ reason, errorName, errorMessage }: Failed): string {
  const text = JSON.stringify([reason, errorName, maskedMessage(errorMessage)]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
