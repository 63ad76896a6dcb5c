import { posix } from "node:path";
import { headingAnchor } from "../site/heading-anchor.ts";

/** A link of a document to another file of the repository, or to a heading. */
interface Link {
  readonly line: number;
  readonly href: string;
}

const withoutCode = (markdown: string): string =>
  markdown
    .replace(/^([ \t]*)(`{3,})[^]*?^\1\2[ \t]*$/gm, (block) => block.replace(/[^\n]/g, ""))
    .replace(/<!--[^]*?-->/g, (comment) => comment.replace(/[^\n]/g, ""));

/** Links and images that lead to no other place than this repository. */
function linksOf(markdown: string): readonly Link[] {
  return withoutCode(markdown)
    .split("\n")
    .flatMap((text, index) =>
      [...text.replace(/(`+)(?:(?!\1).)*\1/g, "``").matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(
        ([, href = ""]) => ({ line: index + 1, href }),
      ),
    )
    .filter(({ href }) => !/^[a-z][\w+.-]*:/i.test(href));
}

/** The anchors of all headings, as GitHub and the site make them, and those that a document sets itself. */
export function anchorsOf(markdown: string): ReadonlySet<string> {
  const text = withoutCode(markdown);
  const anchors = new Set([...text.matchAll(/<\w+ (?:id|name)="([^"]+)"/g)].map(([, id = ""]) => id));
  for (const [, heading = ""] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const [, own] = /\{#([\w-]+)\}\s*$/.exec(heading) ?? [];
    const plain = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
    const anchor = own ?? headingAnchor(plain);
    for (let count = 0, name = anchor; ; count += 1, name = `${anchor}-${count}`) {
      if (anchors.has(name)) continue;
      anchors.add(name);
      break;
    }
  }
  return anchors;
}

/**
 * The links of a document that lead nowhere: `<path>:<line>: <link>: why`.
 *
 * @param read the text of a Markdown file; undefined when there is no such file
 * @param exists whether there is a file or folder
 */
export function brokenLinks(
  path: string,
  read: (path: string) => string | undefined,
  exists: (path: string) => boolean,
): readonly string[] {
  return linksOf(read(path) ?? "").flatMap(({ line, href }) => {
    const [target = "", anchor = ""] = decodeURIComponent(href).split("#");
    const found = target === "" ? path : posix.join(posix.dirname(path), target).replace(/\/$/, "");
    if (target.startsWith("/")) return [`${path}:${line}: ${href}: write a path relative to this file`];
    if (found !== "." && !exists(found)) return [`${path}:${line}: ${href}: there is no ${found}`];
    if (anchor === "" || !found.endsWith(".md")) return [];
    const isKnown = anchorsOf(read(found) ?? "").has(anchor);
    return isKnown ? [] : [`${path}:${line}: ${href}: ${found} has no heading with this anchor`];
  });
}
