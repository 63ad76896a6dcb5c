import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { UI_FILES } from "../generated/ui-files.ts";
import { HttpError } from "./http-error.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** The address of a screen: it has no dot, no percent sign and no empty part. */
const SCREEN = /^([\w-]+(\/[\w-]+)*\/?)?$/;

/** A file of the page; the page itself for the address of any screen. `basePath` was checked: it needs no escaping. @throws HttpError 404 */
export function pageFile(path: string, basePath: string, request: Request): Response {
  const isFile = Object.hasOwn(UI_FILES, path);
  if (!isFile && !SCREEN.test(path)) throw new HttpError(404, "NOT_FOUND", "there is no such address");
  const name = isFile ? path : "index.html";
  const stored = UI_FILES[name] ?? "";
  const text = name === "index.html" ? stored.replaceAll("{{base}}", basePath) : stored;
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  // The browser keeps it and asks each time whether it is still the one: after an update nobody sees an old page.
  const headers = { etag, "cache-control": "private, no-cache", vary: "accept-encoding" };
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "text/plain; charset=utf-8";
  const body = request.method === "HEAD" ? null : text;
  if (!/\bgzip\b/.test(request.headers.get("accept-encoding") ?? "")) {
    return new Response(body, { headers: { ...headers, "content-type": type } });
  }
  const packed = { ...headers, "content-type": type, "content-encoding": "gzip" };
  return new Response(body === null ? null : gzipped(etag, body), { headers: packed });
}

const packedFiles = new Map<string, Uint8Array<ArrayBuffer>>();

/** Packed once: the files do not change while the process runs. */
function gzipped(etag: string, text: string): Uint8Array<ArrayBuffer> {
  const known = packedFiles.get(etag) ?? new Uint8Array(gzipSync(text));
  packedFiles.set(etag, known);
  return known;
}
