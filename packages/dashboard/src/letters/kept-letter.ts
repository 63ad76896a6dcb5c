import type { DeadLetter } from "@anytopic/core";
import type { LetterRow } from "../api/letters.ts";
import { groupKey } from "./group-key.ts";
import { letterRef } from "./letter-ref.ts";
import { beginningOf } from "./strict-text.ts";
import { wireTime } from "./wire-time.ts";

/** The search looks at so much of each body. */
export const KEPT_BODY_BYTES = 4096;
const PREVIEW_CHARACTERS = 200;
/** With more, they are read again when somebody opens the letter. */
const KEPT_ATTRIBUTE_CHARACTERS = 4096;

/** A letter as a read keeps it: large bodies and attributes in part. */
export interface KeptLetter extends Omit<DeadLetter, "body" | "attributes"> {
  readonly ref: string;
  readonly group: string;
  readonly bodyBytes: number;
  /** The beginning. */
  readonly body: Uint8Array;
  readonly attributes: DeadLetter["attributes"];
  /** Whether body and attributes are all there. */
  readonly isWhole: boolean;
}

/** @param roomBytes how much of the body may be kept */
export function keptLetter(letter: DeadLetter, roomBytes: number): KeptLetter {
  const { body, attributes } = letter;
  const bodyBytes = body.byteLength;
  const kept = Math.min(bodyBytes, KEPT_BODY_BYTES, Math.max(roomBytes, PREVIEW_CHARACTERS));
  let characters = 0;
  for (const [key, value] of Object.entries(attributes)) characters += key.length + value.length;
  const keepsAttributes = characters <= KEPT_ATTRIBUTE_CHARACTERS;
  return {
    ...letter,
    ref: letterRef(letter),
    group: groupKey(letter),
    bodyBytes,
    // A copy: a view would keep all that was received with it in memory. A Buffer's own `slice` is a view.
    body: new Uint8Array(body.subarray(0, kept)),
    attributes: keepsAttributes ? attributes : {},
    isWhole: kept === bodyBytes && keepsAttributes,
  };
}

/** Memory that a kept letter needs, roughly. */
export function keptBytes({ id, body, errorMessage, attributes }: KeptLetter): number {
  let bytes = 300 + id.length + body.byteLength + 2 * errorMessage.length;
  for (const [key, value] of Object.entries(attributes)) bytes += 2 * (key.length + value.length);
  return bytes;
}

export function letterRow(letter: KeptLetter): LetterRow {
  const { ref, id, reason, errorName, errorMessage, attempts, orderingKey, bodyBytes, body } = letter;
  return {
    ref,
    id,
    reason,
    error: [errorName, errorMessage].filter((part) => part !== "").join(": "),
    attempts,
    key: orderingKey ?? null,
    published: wireTime(letter.publishTime),
    failed: wireTime(letter.lastFailureTime),
    bodyBytes,
    preview: (beginningOf(body, 4 * PREVIEW_CHARACTERS) ?? "").slice(0, PREVIEW_CHARACTERS),
  };
}
