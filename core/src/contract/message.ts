/**
 * Text values by key that a message carries beside its body. Keys and values are well-formed Unicode within the adapter's limits,
 * keys are not empty, and keys that start with `anytopic` (in any case) are reserved. Received attributes have no prototype.
 */
export type Attributes = Readonly<Record<string, string>>;

/** A message that core gives to a driver. Immutable: attributes are frozen, and nobody else uses the body. A driver may keep both. */
export interface OutgoingMessage {
  /** The message's id: a UUIDv7, or the id that the caller gave. At most 128 printable ASCII characters. */
  readonly id: string;
  /** The encoded event. May be empty. */
  readonly body: Uint8Array;
  /** `body` as text, of a publish whose body is short ASCII text, until `body` is read. A driver whose client takes text need not read `body`, which is made when it is first read. */
  readonly bodyText?: string | undefined;
  /** The user's attributes, and `EXPIRES_ATTRIBUTE` when the message expires; on a dead letter also `DEAD_LETTER_ATTRIBUTE`. */
  readonly attributes: Attributes;
  /** Not empty when present. */
  readonly orderingKey: string | undefined;
  /** When `publish` was called, in Unix ms. For a dead letter or a redriven message: when the original was published. */
  readonly publishTimeMs: number;
}

/** A message that a driver gives to core. */
export interface StoredMessage {
  /** The publisher's id, or for a message of a foreign publisher the broker's own. The same on every delivery. Any text: core limits it, see `boundedId`. */
  readonly id: string;
  readonly body: Uint8Array;
  /** The user's, with `EXPIRES_ATTRIBUTE` when the message has it, whoever published it. */
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** Unix ms. Any number: core limits it to the years 1970 to 9999. */
  readonly publishTimeMs: number;
  /** The client library's own message object; its type is in the adapter's README. */
  readonly native: unknown;
}

/** The attribute that carries the dead-letter record, as ASCII JSON. */
export const DEAD_LETTER_ATTRIBUTE = "anytopic-dead-letter";

/** Attribute keys that start with this, in any case, are reserved. */
export const RESERVED_ATTRIBUTE_PREFIX = "anytopic";
