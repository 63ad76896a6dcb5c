import { type Attributes, DEAD_LETTER_ATTRIBUTE, type OutgoingMessage } from "@anytopic/core/driver";
import { encodeCopy } from "./codec.ts";
import { MAX_ATTRIBUTE_KEY_BYTES, MAX_ATTRIBUTE_VALUE_BYTES, MAX_ATTRIBUTES } from "./limits.ts";
import type { WireOutgoing } from "./rpc.ts";

export interface LetterForm {
  /** What is missing, for the log; empty for the whole letter. */
  readonly without: string;
  readonly encode: () => WireOutgoing;
}

/**
 * How a letter can be stored, the whole one first. A foreign message may be as large as the service takes, or have as
 * many attributes: with its record it is more, and the service refuses it. Then attributes go, then the record, never bytes.
 */
export function letterForms(letter: OutgoingMessage): readonly LetterForm[] {
  const record = letter.attributes[DEAD_LETTER_ATTRIBUTE];
  const kept: Attributes = record === undefined ? {} : { [DEAD_LETTER_ATTRIBUTE]: record };
  return [
    { without: "", encode: () => encodeCopy(letter) },
    {
      without: "some of its attributes",
      encode: () => encodeCopy({ ...letter, attributes: { ...fitting(letter.attributes), ...kept } }),
    },
    { without: "its attributes", encode: () => encodeCopy({ ...letter, attributes: kept }) },
    {
      without: "its attributes, its id and the reason of its failure",
      encode: () => ({ data: letter.body, attributes: {} }),
    },
  ];
}

/** As many as our own publishers may use. */
function fitting(attributes: Attributes): Attributes {
  const fits = ([key, value]: [string, string]): boolean =>
    key !== DEAD_LETTER_ATTRIBUTE &&
    Buffer.byteLength(key) <= MAX_ATTRIBUTE_KEY_BYTES &&
    Buffer.byteLength(value) <= MAX_ATTRIBUTE_VALUE_BYTES;
  return Object.fromEntries(Object.entries(attributes).filter(fits).slice(0, MAX_ATTRIBUTES));
}
