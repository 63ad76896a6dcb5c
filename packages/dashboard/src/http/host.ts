import { HttpError } from "./http-error.ts";

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/** Checks the option. @throws TypeError */
export function checkedHosts(hosts: unknown): readonly string[] | "any" {
  if (hosts === "any") return hosts;
  if (!Array.isArray(hosts)) throw new TypeError('hosts must be a list such as ["ops.example.com"], or "any"');
  return hosts.map((entry: unknown) => {
    const name = typeof entry === "string" ? entry.toLowerCase() : "";
    const plain = name.startsWith("*.") ? name.slice(2) : name;
    // The port of a scheme stays: `URL` would take it away.
    if (plain !== "" && parsedHost(plain) !== undefined && !plain.includes("*")) return name;
    throw new TypeError(
      `hosts: ${JSON.stringify(entry)} must be a host name such as "ops.example.com" or "*.example.com"`,
    );
  });
}

/** What the browser calls this server: name and port. */
export function hostOf(request: Request): string {
  // Some frameworks put their own name into `url`; the header is what the browser sent.
  return request.headers.get("host") ?? new URL(request.url).host;
}

/** The port of the address that the browser shows. */
export function portOf(request: Request): string {
  const { port, protocol } = new URL(`${new URL(request.url).protocol}//${hostOf(request)}`);
  return port === "" ? (protocol === "https:" ? "443" : "80") : port;
}

/** @throws HttpError 421 for a name that nobody has allowed */
export function requireKnownHost(request: Request, hosts: readonly string[] | "any"): void {
  const given = hostOf(request);
  const parsed = parsedHost(given);
  if (parsed === undefined) throw new HttpError(400, "WRONG_HOST", "the header Host is not the name of a host");
  if (hosts === "any" || isOurMachine(parsed.hostname) || hosts.some((entry) => matches(parsed, entry))) return;
  const shown = JSON.stringify(parsed.host.slice(0, 100));
  throw new HttpError(
    421,
    "UNKNOWN_HOST",
    `this server does not answer as ${shown}. If that is its name, add it to the option "hosts" of the dashboard (on the command line: --allowed-host)`,
  );
}

/** A name that only this machine decides, or an address: no name server can make another site of it. */
function isOurMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || hostname.startsWith("[") || IPV4.test(hostname);
}

function matches({ hostname, host }: URL, entry: string): boolean {
  if (entry.startsWith("*.")) return matchesEnd({ hostname, host }, entry.slice(1));
  return entry === hostname || entry === host || entry === `${host}:80` || entry === `${host}:443`;
}

function matchesEnd({ hostname, host }: { readonly hostname: string; readonly host: string }, end: string): boolean {
  return [hostname, host].some((name) => name.endsWith(end) && name.length > end.length);
}

/** `undefined` when it is more or less than a host with a port. */
function parsedHost(text: string): URL | undefined {
  if (/[/\\@?#\s]/.test(text)) return undefined;
  const url = URL.canParse(`http://${text}`) ? new URL(`http://${text}`) : undefined;
  return url !== undefined && url.hostname !== "" ? url : undefined;
}
