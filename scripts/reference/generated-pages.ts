import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspaces.ts";
import { capabilitiesPage } from "./capabilities-page.ts";
import { cliPage } from "./cli-page.ts";
import { configurationPage } from "./configuration-page.ts";
import { limitsPage } from "./limits-page.ts";
import { optionsPage } from "./options-page.ts";

type Parts = Readonly<Record<string, string>>;

/** Pages of the reference that are written by hand, with parts that the code writes. */
const PAGES: Readonly<Record<string, () => Parts | Promise<Parts>>> = {
  "docs/reference/capabilities.md": capabilitiesPage,
  "docs/reference/cli.md": cliPage,
  "docs/reference/configuration.md": configurationPage,
  "docs/reference/limits.md": limitsPage,
  "docs/reference/options.md": optionsPage,
};

export const generatedPages: readonly string[] = Object.keys(PAGES);

/** The page as it is, and as it should be. @throws Error when a part has no place in the page, or a place no part */
export async function generatedPage(path: string): Promise<{ readonly is: string; readonly should: string }> {
  const parts = new Map(Object.entries((await PAGES[path]?.()) ?? {}));
  const is = readFileSync(join(root, path), "utf8");
  const should = is.replaceAll(/<!-- begin:([\w-]+) -->\n[^]*?<!-- end:\1 -->/g, (_whole, key: string) => {
    const part = parts.get(key);
    if (part === undefined) throw new Error(`${path}: nothing writes the part ${key}`);
    parts.delete(key);
    return `<!-- begin:${key} -->\n\n${part}\n\n<!-- end:${key} -->`;
  });
  if (parts.size > 0) throw new Error(`${path} has no place for ${[...parts.keys()].join(", ")}`);
  return { is, should };
}
