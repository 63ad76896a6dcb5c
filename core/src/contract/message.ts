/**
 * Key-value text that travels with a message. Keys and values are any well-formed Unicode within the adapter's limits;
 * keys that start with `anytopic` (in any case) are reserved. Objects handed out have no prototype.
 */
export type Attributes = Readonly<Record<string, string>>;

/** A message as core hands it to a driver. Immutable: attributes are frozen, and the body is nobody else's. A driver may keep both. */
export interface OutgoingMessage {
  /** Unique id, made by the publisher (UUIDv7 unless the caller brought one). At most 128 printable ASCII characters. */
  readonly id: string;
  /** The encoded event. May be empty. */
  readonly body: Uint8Array;
  /** The user's attributes; on a dead letter also `DEAD_LETTER_ATTRIBUTE`. */
  readonly attributes: Attributes;
  /** Not empty when present. */
  readonly orderingKey: string | undefined;
  /** Unix ms at which `publish` was called; for a dead letter or a redriven message, of the original publish. */
  readonly publishTimeMs: number;
}

/** A message as a driver hands it to core. */
export interface StoredMessage {
  /** The publisher's id, or for a foreign producer's message the broker's own, the same on every delivery; any text: core bounds it, see `boundedId`. */
  readonly id: string;
  readonly body: Uint8Array;
  readonly attributes: Attributes;
  readonly orderingKey: string | undefined;
  /** Unix ms; any number: core bounds it to the years 1970 to 9999. */
  readonly publishTimeMs: number;
  /** The client library's own message object: the escape hatch, typed by the adapter's README. */
  readonly native: unknown;
}

/** The attribute that carries the dead-letter record, as ASCII JSON. */
export const DEAD_LETTER_ATTRIBUTE = "anytopic-dead-letter";

/** Attribute keys that start so are ours. */
export const RESERVED_ATTRIBUTE_PREFIX = "anytopic";
