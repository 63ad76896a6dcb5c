// Makes packages/dashboard/src/generated/ui-files.ts: the page of the dashboard as texts, so that it works in any bundle and on
// any runtime, without a file to find. `npm run build` runs it first,
// and so do the tests that need the page: a stale page is never tested.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { root } from "./workspaces.ts";

const ui = join(root, "packages/dashboard/ui");

/** All style sheets as one: those of screens that are not open are small. */
async function styles(): Promise<string> {
  const sheets = (await readdir(join(ui, "src"), { recursive: true }))
    .filter((path) => path.endsWith(".css"))
    .toSorted();
  const contents = sheets.map((path) => `@import ${JSON.stringify(`./${path}`)};`).join("\n");
  const { outputFiles } = await build({
    stdin: { contents, loader: "css", resolveDir: join(ui, "src") },
    bundle: true,
    minify: true,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

export async function setup(): Promise<void> {
  const folder = join(root, "packages/dashboard/src/generated");

  const { outputFiles } = await build({
    entryPoints: { app: join(ui, "src/main.tsx") },
    bundle: true,
    // Each screen is a file of its own, fetched when it is opened.
    splitting: true,
    chunkNames: "[name]-[hash]",
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "empty" },
    // The licences of what is in the bundle stay in it.
    legalComments: "inline",
    banner: { js: "/*! With Preact, MIT License, Copyright (c) 2015-present Jason Miller */" },
    write: false,
    outdir: "out",
  });
  const files: Record<string, string> = {
    "index.html": await readFile(join(ui, "index.html"), "utf8"),
    "icon.svg": (await readFile(join(ui, "icon.svg"), "utf8")).trim(),
    "app.css": await styles(),
  };
  for (const { path, text } of outputFiles) files[basename(path)] = text;

  const manifest = JSON.parse(await readFile(join(ui, "../package.json"), "utf8")) as { readonly version: string };
  const text = `export const VERSION: string = ${JSON.stringify(manifest.version)};
export const UI_FILES: Readonly<Record<string, string>> = ${JSON.stringify(files, null, 2)};\n`;
  await mkdir(folder, { recursive: true });
  const path = join(folder, "ui-files.ts");
  // An unchanged file keeps its time, so that nothing is compiled again.
  if ((await readFile(path, "utf8").catch(() => "")) !== text) await writeFile(path, text);
}

if (import.meta.main) await setup();
