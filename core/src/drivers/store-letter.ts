import type { Capabilities } from "../contract/capabilities.ts";
import type { Logger } from "../base/logger.ts";
import { type Attributes, DEAD_LETTER_ATTRIBUTE, type OutgoingMessage } from "../contract/message.ts";
import { PubSubError } from "../base/errors.ts";

/** How a driver stores letters that may be more than its broker takes. */
export interface LetterStore {
  /** Rejects with `REJECTED` or `LIMIT_EXCEEDED` when the broker does not take the letter as it is, whoever tries how often. */
  send(letter: OutgoingMessage): Promise<void>;
  /** The same with the bytes alone, and nothing of ours but what says how to read them. */
  sendBytes(letter: OutgoingMessage): Promise<void>;
  /** With these, attributes that a publisher of ours could have given are kept where there is room for them. */
  readonly limits?: Pick<Capabilities, "maxAttributes" | "maxAttributeKeyBytes" | "maxAttributeValueBytes">;
  readonly logger: Logger;
  /** For the log. */
  readonly place: Readonly<Record<string, string>>;
}

/**
 * Stores a letter as far as the broker takes it. A foreign message may be as large as that can be: with its record it is
 * more, and is refused. Then attributes go, then the record, never bytes; the log says what is missing.
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
    store.logger.warn(fields, `a dead letter was more than the broker takes, and is stored without ${without}`);
    return;
  }
  throw refused;
}

/** What each form leaves out, in words, and how it is sent. */
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
