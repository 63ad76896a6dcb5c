/** Which package serves which URL scheme. Another package's adapter is registered, or given to `connect` as an object. */
export const PACKAGES: Readonly<Record<string, string>> = Object.freeze({
  memory: "@anytopic/memory",
  nats: "@anytopic/nats",
  tls: "@anytopic/nats",
  amqp: "@anytopic/rabbitmq",
  amqps: "@anytopic/rabbitmq",
  aws: "@anytopic/aws",
  gcp: "@anytopic/gcp",
});

/** Of a URL, in group 1. */
export const SCHEME: RegExp = /^([a-z][a-z0-9+.-]*):/i;

/** Whether its scheme is one of ours, and so no secret. */
export function hasKnownScheme(url: string): boolean {
  return Object.hasOwn(PACKAGES, SCHEME.exec(url)?.[1]?.toLowerCase() ?? "");
}

/** What serves a URL: the name of a package, or for others the scheme with its colon. Undefined without a scheme. */
export function providerOfUrl(url: string): string | undefined {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  return Object.hasOwn(PACKAGES, scheme) ? PACKAGES[scheme] : `${scheme}:`;
}

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
