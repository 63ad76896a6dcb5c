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
