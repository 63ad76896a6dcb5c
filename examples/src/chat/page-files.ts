import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";

const FILES = {
  "/": { file: "index.html", type: "text/html; charset=utf-8" },
  "/chat.css": { file: "chat.css", type: "text/css; charset=utf-8" },
  "/chat.js": { file: "chat.ts", type: "text/javascript; charset=utf-8" },
} as const;

/** Nothing of another origin, no script in the page itself. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface PageFile {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The page's files by path. A browser runs no TypeScript: the types are taken out. */
export async function readPage(): Promise<ReadonlyMap<string, PageFile>> {
  const entries = Object.entries(FILES).map(async ([path, { file, type }]): Promise<[string, PageFile]> => {
    const source = await readFile(new URL(`page/${file}`, import.meta.url), "utf8");
    const text = file.endsWith(".ts") ? stripTypeScriptTypes(source) : source;
    const headers = { "content-type": type, "content-security-policy": POLICY, "x-content-type-options": "nosniff" };
    return [path, { text, headers }];
  });
  return new Map(await Promise.all(entries));
}
