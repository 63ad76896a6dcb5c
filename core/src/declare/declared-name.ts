import { shown } from "../base/option-checks.ts";

const MAX_NAME_LENGTH = 63;
/** What topics and subscriptions may be named. */
export const DECLARED_NAME: RegExp = new RegExp(`^[a-z](?:[-a-z0-9]{0,${MAX_NAME_LENGTH - 2}}[a-z0-9])?$`);

/** Returns `name` if it may name a topic or subscription on every broker, and throws a `TypeError` if not. */
export function requireName(what: string, name: unknown): string {
  if (typeof name === "string" && DECLARED_NAME.test(name)) return name;
  throw new TypeError(
    `${what} ${shown(name)}: must be 1 to ${MAX_NAME_LENGTH} characters, lower-case letters, digits and hyphens, ` +
      `begin with a letter and not end with a hyphen`,
  );
}
