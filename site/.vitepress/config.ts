import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitepress";
import { headingAnchor } from "../heading-anchor.ts";
import { documentMarkdown } from "../document-markdown.ts";
import { pageFile } from "../page-paths.ts";
import { sidebar } from "../sidebar.ts";

const root = join(import.meta.dirname, "../..");
const documents = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
})
  .toString()
  .split("\0")
  .filter((path) => path !== "");

// Every page is a Markdown file of the repository, where it is. Nothing is copied.
export default defineConfig({
  srcDir: "..",
  srcExclude: [...documents.filter((path) => pageFile(path) === undefined), "test/**", "site/**"],
  rewrites: (path) => pageFile(path) ?? path,
  cleanUrls: true,
  metaChunk: true,
  title: "anytopic",
  description: "One TypeScript interface for publish/subscribe, with the same behaviour on every broker.",
  lang: "en",
  head: [["link", { rel: "icon", type: "image/svg+xml", href: "/icon.svg" }]],
  markdown: {
    config: documentMarkdown,
    anchor: { slugify: headingAnchor },
    toc: { slugify: headingAnchor },
    theme: { light: "github-light-high-contrast", dark: "github-dark-default" },
  },
  transformPageData({ filePath, frontmatter }) {
    // The home page is a plain document on GitHub, so what the site needs to know of it is said here.
    if (filePath === "docs/index.md") {
      return {
        title: "One interface for publish/subscribe",
        frontmatter: { ...frontmatter, sidebar: false, aside: false, pageClass: "home" },
      };
    }
    return undefined;
  },
  buildEnd({ outDir }) {
    cpSync(join(import.meta.dirname, "../public"), outDir, { recursive: true });
  },
  vite: { publicDir: join(import.meta.dirname, "../public"), build: { chunkSizeWarningLimit: 4000 } },
  themeConfig: {
    logo: { src: "/icon.svg", alt: "" },
    nav: [
      { text: "Start", link: "/getting-started", activeMatch: "^/(getting-started|concepts)" },
      { text: "Guides", link: "/guides/publishing", activeMatch: "^/guides/" },
      { text: "Recipes", link: "/recipes/", activeMatch: "^/(recipes|migration)/" },
      { text: "Adapters", link: "/adapters/nats", activeMatch: "^/adapters/" },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
      { text: "GitHub", link: "https://github.com/anytopic/anytopic" },
    ],
    sidebar,
    search: { provider: "local", options: { detailedView: false } },
    outline: { level: [2, 3] },
    editLink: { pattern: "https://github.com/anytopic/anytopic/edit/main/:path", text: "Edit this page" },
    externalLinkIcon: false,
    footer: { message: "Apache-2.0" },
  },
});
