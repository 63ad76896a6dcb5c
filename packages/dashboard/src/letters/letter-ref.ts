import { createHash } from "node:crypto";
import type { DeadLetter } from "@anytopic/core";

/** Tells a letter from others by everything it has: ids are made by strangers, and one may be there twice. Of equal letters it names any. */
export function letterRef(letter: DeadLetter): string {
  const { id, publishTime, lastFailureTime, orderingKey, attributes, body } = letter;
  const named = Object.entries(attributes).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const head = JSON.stringify([id, publishTime.getTime(), lastFailureTime.getTime(), orderingKey ?? null, named]);
  return createHash("sha256").update(`${head}\n`).update(body).digest("base64url").slice(0, 22);
}
