// Draws the Mermaid blocks of all documents into site/diagrams/. GitHub draws them by itself. The site shows the drawings, so that
// its pages need no program of half a megabyte, and building it needs no browser. Drawings that nothing uses are removed.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BROWSER_ARGUMENTS, browserOrSkip } from "@anytopic/brokers";
import { chromium } from "playwright-core";
import { diagramFile } from "./diagram-file.ts";

const version = "11.17.2";
const root = join(import.meta.dirname, "..");

/** The colours that are asked for, and what stands in the drawing instead: variables of the site's style, for both schemes. */
const colours = {
  "#a1b2c1": "--diagram-text",
  "#a1b2c2": "--diagram-line",
  "#a1b2c3": "--diagram-fill",
  "#a1b2c4": "--diagram-border",
  "#a1b2c5": "--diagram-ground",
} as const;
const [text, line, fill, border, ground] = Object.keys(colours);

const configuration = {
  startOnLoad: false,
  theme: "base",
  fontFamily: "Arial, Helvetica, sans-serif",
  flowchart: { htmlLabels: false, useMaxWidth: true },
  htmlLabels: false,
  themeVariables: {
    ...Object.fromEntries(
      [
        "primaryTextColor",
        "secondaryTextColor",
        "tertiaryTextColor",
        "textColor",
        "titleColor",
        "nodeTextColor",
        "actorTextColor",
      ].map((name) => [name, text]),
    ),
    ...Object.fromEntries(
      ["signalTextColor", "labelTextColor", "loopTextColor", "noteTextColor", "sequenceNumberColor", "classText"].map(
        (name) => [name, text],
      ),
    ),
    ...Object.fromEntries(
      ["lineColor", "signalColor", "actorLineColor", "defaultLinkColor", "arrowheadColor"].map((name) => [name, line]),
    ),
    ...Object.fromEntries(
      ["primaryColor", "mainBkg", "actorBkg", "secondaryColor", "labelBoxBkgColor", "activationBkgColor"].map(
        (name) => [name, fill],
      ),
    ),
    ...Object.fromEntries(
      [
        "primaryBorderColor",
        "nodeBorder",
        "actorBorder",
        "clusterBorder",
        "secondaryBorderColor",
        "tertiaryBorderColor",
      ].map((name) => [name, border]),
    ),
    ...Object.fromEntries(
      ["labelBoxBorderColor", "noteBorderColor", "activationBorderColor"].map((name) => [name, border]),
    ),
    ...Object.fromEntries(
      ["background", "tertiaryColor", "clusterBkg", "edgeLabelBackground", "noteBkgColor"].map((name) => [
        name,
        ground,
      ]),
    ),
  },
};

interface Mermaid {
  initialize(options: object): void;
  render(id: string, text: string): Promise<{ readonly svg: string }>;
}

/** The program that draws. It is fetched here, because nothing else needs it. */
function fetchMermaid(): string {
  const folder = mkdtempSync(join(tmpdir(), "diagrams-"));
  try {
    execFileSync("npm", ["pack", `mermaid@${version}`, "--silent", "--pack-destination", folder]);
    const [archive = ""] = readdirSync(folder);
    execFileSync("tar", ["-xzf", archive, "package/dist/mermaid.min.js"], { cwd: folder });
    return readFileSync(join(folder, "package/dist/mermaid.min.js"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const blocks = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
  cwd: root,
})
  .toString()
  .split("\0")
  .filter((path) => path !== "" && existsSync(join(root, path)))
  .flatMap((path) => [...readFileSync(join(root, path), "utf8").matchAll(/^```mermaid\n([^]*?)^```$/gm)])
  .map(([, block = ""]) => block);
const wanted = new Map(blocks.map((block) => [diagramFile(block), block]));

for (const name of readdirSync(join(import.meta.dirname, "diagrams"))) {
  const file = join(import.meta.dirname, "diagrams", name);
  if (!wanted.has(file)) rmSync(file);
}
const missing = [...wanted].filter(([file]) => !existsSync(file));
if (missing.length > 0) {
  const executablePath = browserOrSkip();
  if (executablePath === undefined) throw new Error("drawing needs a browser");
  const browser = await chromium.launch({ executablePath, args: [...BROWSER_ARGUMENTS] });
  const page = await browser.newPage();
  await page.setContent("<!doctype html><body></body>");
  await page.addScriptTag({ content: fetchMermaid() });
  for (const [file, block] of missing) {
    const id = `d${basename(file, ".svg")}`;
    const svg = await page.evaluate(
      async ({ id, block, configuration }) => {
        const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
        mermaid.initialize(configuration);
        return (await mermaid.render(id, block)).svg;
      },
      { id, block, configuration },
    );
    const coloured = Object.entries(colours).reduce((drawn, [from, to]) => drawn.replaceAll(from, `var(${to})`), svg);
    writeFileSync(file, `${coloured}\n`);
  }
  await browser.close();
}
process.stdout.write(`${wanted.size} diagrams, ${missing.length} drawn now\n`);
