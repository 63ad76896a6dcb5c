import type { Random } from "@anytopic/conformance";

/** What people and programs do to a URL: a character too many or too few, one that should have been escaped, a part in a wrong place. */
const DELIMITERS = [
  ":",
  "/",
  "//",
  "@",
  "?",
  "#",
  "&",
  "=",
  "%",
  "%4",
  "\\",
  " ",
  "\t",
  "\n",
  "[",
  "]",
  ",",
  ";",
  "'",
  '"',
  "\u0000",
  "ä",
];

interface Parts {
  readonly scheme: string;
  readonly user: string;
  readonly secret: string;
}

/** Ways in which the parts of a URL are written down, right and wrong. Nobody listens at the port. */
const FORMS: readonly ((parts: Parts) => string)[] = [
  ({ scheme, user, secret }) => `${scheme}://${user}:${secret}@127.0.0.1:1/`,
  ({ scheme, user, secret }) => `${scheme}://${user}:${secret}@127.0.0.1:1/name?prefix=x`,
  ({ scheme, user, secret }) => `${scheme}:/${user}:${secret}@127.0.0.1:1/`,
  ({ scheme, user, secret }) => `${scheme}:${user}:${secret}@127.0.0.1:1`,
  ({ scheme, user, secret }) => `${scheme}:///${user}:${secret}@127.0.0.1:1/`,
  ({ scheme, user, secret }) => `${scheme}//${user}:${secret}@127.0.0.1:1/`,
  ({ user, secret }) => `${user}:${secret}@127.0.0.1:1/`,
  ({ user, secret }) => `${secret}:${user}@127.0.0.1:1/`,
  ({ user, secret }) => `${secret}://${user}@127.0.0.1:1/`,
  ({ scheme, secret }) => `${scheme}://${secret}@127.0.0.1:1/`,
  ({ scheme, secret }) => `${scheme}://:${secret}@127.0.0.1:1`,
  ({ scheme, user, secret }) => `${scheme}://127.0.0.1:1/${user}:${secret}@name`,
  ({ scheme, user, secret }) => `${scheme}://127.0.0.1:1/?${user}:${secret}@name`,
  ({ scheme, user, secret }) => `${scheme}://127.0.0.1:1/#${user}:${secret}@name`,
  ({ scheme, user, secret }) => `${scheme}://127.0.0.1:1/?user=${user}&password=${secret}`,
  ({ scheme, user, secret }) => `${scheme}://${user}:12?${secret}@127.0.0.1:1/`,
  ({ scheme, user, secret }) => `${scheme}://${user}:12/${secret}@127.0.0.1:1/`,
  ({ scheme, user, secret }) => `${scheme}://${user}:12#${secret}@127.0.0.1:1/`,
];

/** A wrong URL with the secret in it, in one piece or with something put into its middle. */
export function wrongUrl(random: Random, schemes: readonly string[], secret: string): string {
  const pick = <Value>(values: readonly Value[]): Value => values[random.integer(0, values.length - 1)]!;
  const scheme = pick(schemes);
  const middle = secret.length / 2;
  const broken = random.next() < 0.4 ? secret.slice(0, middle) + pick(DELIMITERS) + secret.slice(middle) : secret;
  let url = pick(FORMS)({ scheme, user: "user", secret: broken });
  for (let changes = random.integer(0, 2); changes > 0; changes -= 1) url = changed(random, url, pick);
  return url;
}

/**
 * Changes the URL in one place, never inside the secret: a part of it would no longer be the secret. It never changes the `@` either:
 * without it nobody can say where the host begins, and an error must name the host that it could not reach.
 */
function changed(random: Random, url: string, pick: <Value>(values: readonly Value[]) => Value): string {
  const places = [...url.matchAll(/[:/?#&=]/g)].map(({ index }) => index);
  if (places.length === 0) return url;
  const at = pick(places);
  const kind = random.next();
  if (kind < 0.4) return url.slice(0, at) + url.slice(at + 1);
  if (kind < 0.7) return url.slice(0, at) + pick(DELIMITERS) + url.slice(at + 1);
  if (kind < 0.8) return encodeURI(url);
  if (kind < 0.9) return pick([" ", "\n", '"', "'", "\ufeff"]) + url;
  return url.slice(0, at) + pick(DELIMITERS) + url.slice(at);
}
