import type { Capabilities } from "../contract/capabilities.ts";
import type { Logger } from "../base/logger.ts";
import { type Attributes, DEAD_LETTER_ATTRIBUTE, type OutgoingMessage } from "../contract/message.ts";
import { PubSubError } from "../base/errors.ts";

/** How a driver stores letters that may be beyond its broker's limits. */
export interface LetterStore {
  /** Rejects with `REJECTED` or `LIMIT_EXCEEDED` when the broker will never accept this letter. */
  send(letter: OutgoingMessage): Promise<void>;
  /** Sends the body alone, with only the metadata that is needed to read it. */
  sendBytes(letter: OutgoingMessage): Promise<void>;
  /** When present, attributes within these limits are kept where there is room for them. */
  readonly limits?: Pick<Capabilities, "maxAttributes" | "maxAttributeKeyBytes" | "maxAttributeValueBytes">;
  readonly logger: Logger;
  /** For the log. */
  readonly place: Readonly<Record<string, string>>;
}

/**
 * Stores a letter as completely as the broker accepts it. A foreign message may have the broker's largest size, and be refused with its
 * record. Then the attributes are left out, then the record, never bytes of the body; the log says what is missing.
 */
export async function storeLetter(letter: OutgoingMessage, store: LetterStore): Promise<void> {
  let refused: unknown;
  for (const [without, send] of formsOf(letter, store)) {
    try {
      await send();
    } catch (error) {
      if (!(error instanceof PubSubError && (error.code === "REJECTED" || error.code === "LIMIT_EXCEEDED")))
        throw error;
      refused = error;
      continue;
    }
    if (without === "") return;
    const fields = { ...store.place, id: letter.id };
    store.logger.warn(fields, `a dead letter is beyond the broker's limits and was stored without ${without}`);
    return;
  }
  throw refused;
}

/** The forms of a letter, most complete first: what each leaves out, and how it is sent. */
function* formsOf(letter: OutgoingMessage, store: LetterStore): Generator<readonly [string, () => Promise<void>]> {
  const record = letter.attributes[DEAD_LETTER_ATTRIBUTE];
  const kept: Attributes = record === undefined ? {} : { [DEAD_LETTER_ATTRIBUTE]: record };
  yield ["", () => store.send(letter)];
  if (store.limits !== undefined) {
    const attributes = { ...fitting(letter.attributes, store.limits), ...kept };
    yield ["some of its attributes", () => store.send({ ...letter, attributes })];
  }
  yield ["its attributes", () => store.send({ ...letter, attributes: kept })];
  yield ["its attributes, its id and the reason of its failure", () => store.sendBytes(letter)];
}

function fitting(
  attributes: Attributes,
  { maxAttributes, maxAttributeKeyBytes, maxAttributeValueBytes }: NonNullable<LetterStore["limits"]>,
): Attributes {
  const fits = ([key, value]: [string, string]): boolean =>
    key !== DEAD_LETTER_ATTRIBUTE &&
    Buffer.byteLength(key) <= maxAttributeKeyBytes &&
    Buffer.byteLength(value) <= maxAttributeValueBytes;
  return Object.fromEntries(Object.entries(attributes).filter(fits).slice(0, maxAttributes));
}
