/** The package of each URL scheme. An adapter of another package is registered, or given to `connect` as an object. */
export const PACKAGES: Readonly<Record<string, string>> = Object.freeze({
  memory: "@anytopic/memory",
  nats: "@anytopic/nats",
  tls: "@anytopic/nats",
  amqp: "@anytopic/rabbitmq",
  amqps: "@anytopic/rabbitmq",
  redis: "@anytopic/redis",
  rediss: "@anytopic/redis",
  aws: "@anytopic/aws",
  gcp: "@anytopic/gcp",
});

/** Matches the scheme of a URL, in group 1. */
export const SCHEME: RegExp = /^([a-z][a-z0-9+.-]*):/i;

/** Whether the scheme is one of ours, so that it may be shown. */
export function hasKnownScheme(url: string): boolean {
  return Object.hasOwn(PACKAGES, SCHEME.exec(url)?.[1]?.toLowerCase() ?? "");
}

/** The package that serves a URL, or the scheme with its colon when it is not one of ours. `undefined` without a scheme. */
export function providerOfUrl(url: string): string | undefined {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  return Object.hasOwn(PACKAGES, scheme) ? PACKAGES[scheme] : `${scheme}:`;
}

/** The name of the adapter that serves a URL; its scheme when that is not one of ours. */
export function adapterNameOfUrl(url: string): string {
  const provider = providerOfUrl(url) ?? "";
  return provider.replace(/^@anytopic\/|:$/g, "");
}

/** A longer text is not a scheme, but may be a password. "googlepubsub" has this length. */
const MAX_LENGTH = 12;

/**
 * An unknown scheme, such as `kafka:`, as an error may show it. In `password:user@host` the password takes the place of the scheme:
 * `undefined` when it may be one, because of an `@` after it, its length, or a digit.
 */
export function shownScheme(url: string): string | undefined {
  const [, scheme = "", rest = ""] = /^([a-z][a-z+.-]*):([^]*)$/i.exec(url) ?? [];
  if (scheme === "" || scheme.length > MAX_LENGTH || /@|%40/.test(rest)) return undefined;
  return `${scheme.toLowerCase()}:`;
}
