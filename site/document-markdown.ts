import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { MarkdownEnv, MarkdownOptions } from "vitepress";
import { diagramFile } from "./diagram-file.ts";
import { siteLink } from "./page-paths.ts";

type MarkdownParser = Parameters<NonNullable<MarkdownOptions["config"]>>[0];

const root = join(import.meta.dirname, "..");

/** The file of the repository that is rendered, relative to its root. */
const sourceOf = ({ realPath, path }: Partial<MarkdownEnv> & { readonly realPath?: string }): string =>
  relative(root, realPath ?? path ?? "");

/** Makes the documents of the repository pages: links, names of files, drawings, and tables in boxes that scroll. */
export function documentMarkdown(md: MarkdownParser): void {
  md.core.ruler.push("site-links", ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === "link_open" ? token.attrGet("href") : null;
      if (href !== null) token.attrSet("href", siteLink(sourceOf(env as MarkdownEnv), href));
    }
  });

  // A table that is wider than the page scrolls inside its box; with the keyboard too.
  md.renderer.rules["table_open"] = () => '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n';
  md.renderer.rules["table_close"] = () => "</table></div>\n";

  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, options, env, self) => {
    const { info = "", content = "" } = tokens[index] ?? {};
    if (info.trim() === "mermaid") return drawing(content, sourceOf(env as MarkdownEnv));
    const name = blockName(info);
    const block = fence?.(tokens, index, options, env, self) ?? "";
    return name === undefined ? block : `<div class="named"><div class="name">${name}</div>${block}</div>`;
  };
  // An indented block is what one types.
  md.renderer.rules.code_block = (tokens, index, options, env, self) => {
    const token = tokens[index];
    if (token !== undefined) token.info = "sh";
    return md.renderer.rules.fence?.(tokens, index, options, env, self) ?? "";
  };
}

/** What stands above a block of code: its file, or that it is an output. */
function blockName(info: string): string | undefined {
  if (info.trim() === "text output") return "output";
  return /^(?:ts|json|js|tsx|yaml|sh)\s+([\w./-]+\.\w+)/.exec(info.trim())?.[1];
}

function drawing(text: string, source: string): string {
  const file = diagramFile(text);
  if (!existsSync(file)) throw new Error(`${source}: a diagram has no drawing: run npm run docs:diagrams`);
  // Vue leaves out <style> in a page, and not a component that is one.
  const svg = readFileSync(file, "utf8")
    .replace("<style>", "<component :is=\"'style'\">")
    .replace("</style>", "</component>");
  return `<div class="diagram" tabindex="0" role="region" aria-label="Diagram">${svg}</div>\n`;
}
