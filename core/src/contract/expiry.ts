import type { Attributes } from "./message.ts";

/**
 * The attribute that says when a message expires: Unix ms as decimal text. Every publisher may write it, and it can only shorten the
 * life of its own message. Drivers carry it like an attribute of the user, also on copies and letters; core hides it from handlers.
 */
export const EXPIRES_ATTRIBUTE = "anytopic-expires";

/** At most 15 digits: the last moment that a `Date` can hold has 16, and no number of 15 digits loses its last one. */
const UNIX_MS = /^\d{1,15}$/;

/**
 * When a message expires, in Unix ms. `undefined` when it never does, and for text that is no time: a foreign publisher may write
 * anything, and a message must not be lost for that.
 */
export function expiresMsOf(attributes: Attributes): number | undefined {
  const text = attributes[EXPIRES_ATTRIBUTE];
  return text !== undefined && UNIX_MS.test(text) ? Number(text) : undefined;
}

/** The same attributes with the time of expiry. */
export function withExpiry(attributes: Attributes, expiresMs: number): Attributes {
  const copy = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(attributes)) copy[key] = attributes[key] as string;
  copy[EXPIRES_ATTRIBUTE] = String(expiresMs);
  return Object.freeze(copy);
}

/** The attributes without the time of expiry. The same object when there is none. */
export function withoutExpiry(attributes: Attributes): Attributes {
  if (attributes[EXPIRES_ATTRIBUTE] === undefined) return attributes;
  const copy = Object.create(null) as Record<string, string>;
  for (const key of Object.keys(attributes)) if (key !== EXPIRES_ATTRIBUTE) copy[key] = attributes[key] as string;
  return Object.freeze(copy);
}
