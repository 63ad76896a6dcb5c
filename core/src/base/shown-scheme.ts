/** Longer ones are not in use, but passwords are: "googlepubsub" has as many. */
const MAX_LENGTH = 12;

/**
 * What an error or a listing may say of a scheme that nobody knows, such as `kafka:`. In `password:user@host` the password stands
 * in its place: undefined when it could be one, because of an `@` behind it, its length, or a digit.
 */
export function shownScheme(url: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([a-z][a-z+.-]*):([^]*)$/i.exec(url) ?? [];
  if (scheme === "" || scheme.length > MAX_LENGTH || /@|%40/.test(rest)) return undefined;
  return `${scheme.toLowerCase()}:`;
}
