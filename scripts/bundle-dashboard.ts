// Makes packages/dashboard/src/generated/ui-files.ts: the page of the dashboard as texts, so that it works in any bundle and on
// any runtime, without a file to find. `npm run build` runs it first,
// and so do the tests that need the page: a stale page is never tested.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./workspaces.ts";

export async function setup(): Promise<void> {
  const ui = join(root, "packages/dashboard/ui");
  const folder = join(root, "packages/dashboard/src/generated");

  const { outputFiles } = await build({
    entryPoints: { app: join(ui, "src/main.tsx") },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    // The licences of what is in the bundle stay in it.
    legalComments: "inline",
    banner: { js: "/*! With Preact, MIT License, Copyright (c) 2015-present Jason Miller */" },
    write: false,
    outdir: "out",
  });
  const output = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? "";
  const files = {
    "index.html": await readFile(join(ui, "index.html"), "utf8"),
    "icon.svg": (await readFile(join(ui, "icon.svg"), "utf8")).trim(),
    "app.js": output(".js"),
    "app.css": output(".css"),
  };

  const text = `export const UI_FILES: Readonly<Record<string, string>> = ${JSON.stringify(files, null, 2)};\n`;
  await mkdir(folder, { recursive: true });
  const path = join(folder, "ui-files.ts");
  // An unchanged file keeps its time, so that nothing is compiled again.
  if ((await readFile(path, "utf8").catch(() => "")) !== text) await writeFile(path, text);
}

if (import.meta.main) await setup();
