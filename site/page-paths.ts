import { posix } from "node:path";

const repository = "https://github.com/anytopic/anytopic";

/** From a file of the repository to a page of the site; the first that matches. */
const rules: readonly (readonly [RegExp, string])[] = [
  // A form for new decisions, and no decision.
  [/^docs\/adr\/000-template\.md$/, ""],
  [/^docs\/(.*\.md)$/, "$1"],
  [/^(adapters|packages)\/([\w-]+)\/README\.md$/, "$1/$2.md"],
  [/^(core|conformance)\/README\.md$/, "packages/$1.md"],
  [/^cli\/README\.md$/, "packages/anytopic.md"],
  [/^(examples|bench)\/README\.md$/, "$1.md"],
  [/^(CONTRIBUTING|SECURITY)\.md$/, "project/$1.md"],
];

/** The Markdown file of the site, `adapters/nats.md`, that a file of the repository becomes; undefined when it is no page. */
export function pageFile(source: string): string | undefined {
  const [pattern, page] = rules.find(([from]) => from.test(source)) ?? [];
  if (pattern === undefined || page === undefined || page === "") return undefined;
  return source.replace(pattern, page).replace(/^project\/.*$/, (path) => path.toLowerCase());
}

/** The address of a page: `/adapters/nats`, and `/errors/` for an index. */
export const pageAddress = (file: string): string => `/${file.replace(/(^|\/)index\.md$/, "$1").replace(/\.md$/, "")}`;

/**
 * Where a link leads on the site. A link to a page leads to it, and so does one to the folder of a page. Every other file and
 * folder is in the repository only.
 *
 * @param from the file that has the link, relative to the root of the repository
 */
export function siteLink(from: string, href: string): string {
  if (href === "" || /^([a-z][\w+.-]*:|#|\/)/i.test(href)) return href;
  const [, path = "", hash = ""] = /^([^#]*)(#.*)?$/.exec(href) ?? [];
  const target = posix.join(posix.dirname(from), path).replace(/\/$/, "");
  const page = pageFile(target.endsWith(".md") ? target : `${target}/README.md`);
  if (page !== undefined) return `${pageAddress(page)}${hash}`;
  return `${repository}/${/\.\w+$|(^|\/)LICENSE$/.test(target) ? "blob" : "tree"}/main/${target}${hash}`;
}
