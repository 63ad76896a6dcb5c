import { UI_FILES } from "../generated/ui-files.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

/** A file of the page; the page itself for every other path, since the screens have addresses of their own. */
export function pageFile(path: string, basePath: string): Response {
  const name = Object.hasOwn(UI_FILES, path) ? path : "index.html";
  const text = (UI_FILES[name] ?? "").replaceAll("{{base}}", basePath);
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "text/plain; charset=utf-8";
  return new Response(text, { headers: { "content-type": type } });
}
