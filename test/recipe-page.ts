import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../scripts/workspaces.ts";
import { docsFences } from "./docs-fences.ts";
import { readTracked } from "./tracked-files.ts";

/** The programs of a page that other tools than Node run. */
export interface RecipePage {
  /** Where its files are, inside of the checkout, so that they find the packages. */
  readonly folder: string;
  /** What the page says that its programs print: its plain "text" blocks, in their order. */
  readonly outputs: readonly string[];
  /** Its "sh" blocks, in their order. */
  readonly commands: readonly string[];
}

/**
 * Writes the files of a page: those that a fence names ("```js main.cjs"), and those that a comment in the first line names ("//
 * main.ts"), which no compiler of the documents sees.
 */
export function writeRecipe(path: string): RecipePage {
  const folder = join(root, "test/.docs-recipes", path);
  rmSync(folder, { recursive: true, force: true });
  const fences = docsFences(readTracked(path));
  for (const { language, info, text } of fences) {
    const [named = ""] = /^[\w./-]+\.\w+(?= run|$)/.exec(info) ?? [];
    const [, noted = ""] = info.startsWith("no-check") ? (/^\/\/ ([\w./-]+\.ts)\n/.exec(text) ?? []) : [];
    const file = named === "" ? noted : named;
    if (file === "" || language === "text") continue;
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const textsOf = (wanted: string): readonly string[] =>
    fences.filter(({ language, info }) => language === wanted && info === "").map(({ text }) => text);
  return { folder, outputs: textsOf("text"), commands: textsOf("sh") };
}
