import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/** What frameworks add. */
interface FrameworkRequest extends IncomingMessage {
  /** Express: with the path where it is mounted. */
  readonly originalUrl?: string;
  readonly body?: unknown;
}

/** The request as a `Request`; a `Response` when it cannot be one. */
export function requestFrom(incoming: FrameworkRequest, trustProxy: boolean, signal: AbortSignal): Request | Response {
  const { method = "GET", headers, originalUrl, url = "/" } = incoming;
  const path = originalUrl ?? url;
  const forwarded = (name: string): string | undefined => (trustProxy ? lastOf(headers[name]) : undefined);
  const isSecure = (incoming.socket as { readonly encrypted?: boolean }).encrypted === true;
  const protocol = forwarded("x-forwarded-proto") ?? (isSecure ? "https" : "http");
  const host = forwarded("x-forwarded-host") ?? headers.host ?? lastOf(headers[":authority"]) ?? "";
  const address = `${protocol}://${host}${path}`;
  // A path that begins with two slashes must not become a host, nor a host with an @ another one.
  const isPlain = /^https?$/.test(protocol) && path.startsWith("/") && !/[/\\@?#\s]/.test(host);
  if (host === "" || !isPlain || !URL.canParse(address)) return new Response(null, { status: 400 });
  const init = { method, signal, headers: headersOf(incoming, host) };
  if (method === "GET" || method === "HEAD") return new Request(address, init);
  return new Request(address, { ...init, ...bodyOf(incoming) });
}

function headersOf({ headers }: IncomingMessage, host: string): Headers {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) all.append(name, one);
  }
  all.set("host", host);
  return all;
}

function bodyOf(incoming: FrameworkRequest): Pick<RequestInit, "body"> & { readonly duplex?: "half" } {
  const { body, readableEnded, readableDidRead } = incoming;
  const wasRead = readableEnded || readableDidRead;
  if (!wasRead || body === undefined) {
    return { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" };
  }
  return {
    body:
      typeof body === "string" || body instanceof Uint8Array
        ? (body as NonNullable<RequestInit["body"]>)
        : JSON.stringify(body),
  };
}

function lastOf(value: string | readonly string[] | undefined): string | undefined {
  const text = typeof value === "string" ? value : value?.join(",");
  return text?.split(",").at(-1)?.trim();
}
