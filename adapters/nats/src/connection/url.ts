import { decodedUrlPart, option, type OptionsFromUrl, queryOptions, urlReader } from "@anytopic/core/driver";
import { type CheckedOptions, checkedOptions, type NatsOptions, OPTIONS } from "../options.ts";

const FORM = "nats://[user:password@|token@]host[:port][,host[:port]…][?option=value&…]";
/** What only a URL says in this way. */
const TLS = { tls: option.boolean(), tlsCaFile: option.text(), tlsCertFile: option.text(), tlsKeyFile: option.text() };
const PARAMETERS = { ...OPTIONS, rules: { ...OPTIONS.rules, ...TLS } };

export const optionsFromUrl: OptionsFromUrl<CheckedOptions> = urlReader(OPTIONS, readUrl, checkedOptions);

/**
 * Reads `nats://…` and `tls://…`. By hand, because a URL of several servers is not one by the URL standard, and so
 * that no error can quote the password.
 *
 * @throws TypeError
 */
export function readUrl(url: string): NatsOptions {
  const match = /^(nats|tls):(?:\/\/([^/?#]*)\/?)?(?:\?([^#]*))?$/.exec(url);
  if (match === null) throw new TypeError(`the NATS URL is malformed: must be ${FORM}`);
  const [, scheme, authority = "", query = ""] = match;
  const { tlsCaFile, tlsCertFile, tlsKeyFile, ...asked } = queryOptions(PARAMETERS, url, query);
  const files = Object.entries({ caFile: tlsCaFile, certFile: tlsCertFile, keyFile: tlsKeyFile });
  const given = files.filter(([, path]) => path !== undefined);
  if (asked.tls === false && (scheme === "tls" || given.length > 0)) {
    const both = scheme === "tls" ? "begins with tls: and says tls=false" : "says tls=false and names TLS files";
    throw new TypeError(`the NATS URL ${both}: only one can be meant`);
  }
  const at = authority.lastIndexOf("@");
  const hosts = authority.slice(at + 1);
  return {
    ...(hosts === "" ? {} : { servers: hosts.split(",") }),
    ...(at === -1 ? {} : loginOf(authority.slice(0, at))),
    ...(scheme === "tls" ? { tls: true } : {}),
    ...asked,
    ...(given.length === 0 ? {} : { tls: Object.fromEntries(given) }),
  };
}

function loginOf(userInfo: string): NatsOptions {
  const [first = "", ...others] = userInfo.split(":").map((text) => decodedUrlPart("the login in the NATS URL", text));
  return others.length === 0 ? { token: first } : { user: first, password: others.join(":") };
}
