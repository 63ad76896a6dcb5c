import { hostOf } from "./host.ts";
import { HttpError } from "./http-error.ts";

/**
 * Refuses what another site makes a browser send. A write needs proof that the page itself asks: its `Origin`, or `Sec-Fetch-Site`, and a header that
 * no other site can set without asking first, which is always refused.
 *
 * @throws HttpError 403
 */
export function requireSameOrigin(request: Request): void {
  const isWrite = request.method !== "GET" && request.method !== "HEAD";
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  // "none": a person typed the address. Browsers leave the header out where the page has neither https nor a loopback address.
  const isOwnSite = site === null ? origin === null || isOwn(origin, request) : site === "same-origin";
  if (!isOwnSite && (isWrite || site !== "none")) {
    throw refused(
      "another site asks. If it is this page, a proxy changes the header Host: let it pass, or use trustProxy",
    );
  }
  if (!isWrite) return;
  if (site === null && origin === null) throw refused("a write needs the header Origin, which browsers send");
  if (request.headers.get("x-anytopic") === null) throw refused("a write needs the header x-anytopic");
}

function isOwn(origin: string, request: Request): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host } = new URL(origin);
  const { protocol: ownProtocol } = new URL(request.url);
  // Behind a proxy that ends TLS, this process sees http where the browser has https. Not the other way round.
  if (protocol !== "https:" && (protocol !== "http:" || ownProtocol !== "http:")) return false;
  const own = `${protocol}//${hostOf(request)}`;
  return URL.canParse(own) && new URL(own).host === host;
}

function refused(why: string): HttpError {
  return new HttpError(403, "CROSS_SITE", `refused: ${why}`);
}
