import { shown } from "../base/shown.ts";

const MAX_NAME_LENGTH = 63;
/** The names that topics and subscriptions may have. */
export const DECLARED_NAME: RegExp = new RegExp(`^[a-z](?:[-a-z0-9]{0,${MAX_NAME_LENGTH - 2}}[a-z0-9])?$`);

/** Returns `name`. @throws TypeError when it is not allowed for topics and subscriptions on every broker */
export function requireName(what: string, name: unknown): string {
  if (typeof name === "string" && DECLARED_NAME.test(name)) return name;
  throw new TypeError(
    `${what} ${shown(name)}: must be 1 to ${MAX_NAME_LENGTH} characters, lower-case letters, digits and hyphens, ` +
      `begin with a letter and not end with a hyphen`,
  );
}
