import { DEAD_LETTER_ATTRIBUTE, type OutgoingMessage } from "@anytopic/core/driver";
import { type EncodedMessage, encodeMessage } from "./codec.ts";
import { METADATA_ATTRIBUTE, readMetadata } from "./metadata.ts";

export interface LetterForm {
  /** What is missing, for the log; empty for the whole letter. */
  readonly without: string;
  readonly encode: () => EncodedMessage;
}

/**
 * How a letter can be stored, the whole one first. A foreign message may be as large as SQS takes: with its record it is
 * more, and SQS refuses it. Then attributes go, then the record, never bytes.
 */
export function letterForms(letter: OutgoingMessage, group: string | undefined): readonly LetterForm[] {
  const record = letter.attributes[DEAD_LETTER_ATTRIBUTE];
  const attributes = record === undefined ? {} : { [DEAD_LETTER_ATTRIBUTE]: record };
  return [
    { without: "", encode: () => encodeMessage(letter, group) },
    { without: "its attributes", encode: () => encodeMessage({ ...letter, attributes }, group) },
    { without: "its attributes, its id and the reason of its failure", encode: () => bytesAlone(letter, group) },
  ];
}

/** Without our metadata, unless that says how to read the bytes. */
function bytesAlone(letter: OutgoingMessage, group: string | undefined): EncodedMessage {
  const encoded = encodeMessage({ ...letter, attributes: {}, orderingKey: group }, group);
  const isPlain = readMetadata(encoded.attributes[METADATA_ATTRIBUTE]?.StringValue)?.encoding === undefined;
  return isPlain ? { ...encoded, attributes: {} } : encoded;
}
