import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../scripts/workspaces.ts";
import { type DocsBlock, docsBlocks } from "./docs-blocks.ts";
import { docsConfigs } from "./docs-configs.ts";

/** The blocks of one document, with the folder that they are written to. */
export interface DocsPage {
  /** Of the document, relative to the root. */
  readonly path: string;
  /** One folder for all blocks of the document, inside the checkout, so that they find the packages. */
  readonly folder: string;
  readonly blocks: readonly DocsBlock[];
  /** Configuration files by name. */
  readonly configs: ReadonlyMap<string, string>;
}

/** Ignored by git; a dot, so that no tsconfig picks it up. */
export const docsHome: string = join(root, "test/.docs");

/** @throws Error that begins with the path when a block of the document is marked in a wrong way */
export function docsPage(home: string, path: string, markdown: string): DocsPage {
  try {
    const configs = new Map(docsConfigs(markdown).map(({ file, text }) => [file, text]));
    return { path, folder: join(docsHome, home, path), blocks: docsBlocks(markdown), configs };
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes the blocks that are compiled, and the configuration files that programs read. */
export function writePage({ folder, blocks, configs }: DocsPage): void {
  const compiled = blocks.filter(({ skipped }) => skipped === undefined);
  const texts = compiled.map(({ file, text }) => [file, text] as const);
  rmSync(folder, { recursive: true, force: true });
  for (const [file, text] of [...texts, ...configs]) {
    const target = join(folder, file);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}
