import { expect, test } from "vitest";
import { readTracked, trackedFiles } from "./tracked-files.ts";

/** The headings of an adapter's page, in their order: who has read one page finds everything on the next. */
const HEADINGS = [
  "Install",
  "Connect",
  "Options",
  "What is created on the broker",
  "Delivery semantics",
  "Order",
  "Exactly-once",
  "Dead letters",
  "Limits",
  "Permissions",
  "Trust",
  "Capabilities",
  "Operating it",
  "Known faults of the broker",
  "Errors",
  "Native access",
  "Tests",
];
/** What a broker in the process itself does not have. */
const NOT_IN_MEMORY = new Set(["Permissions", "Trust", "Known faults of the broker"]);

const pages = trackedFiles.filter((path) => /^adapters\/[^/]+\/README\.md$/.test(path));

test("every adapter has a page", () => {
  const adapters = trackedFiles.filter((path) => /^adapters\/[^/]+\/package\.json$/.test(path));
  expect(pages.length).toBe(adapters.length);
});

test.each(pages)("%s has the headings of every adapter, in their order", (path) => {
  const headings = [...readTracked(path).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(HEADINGS.filter((heading) => !path.includes("/memory/") || !NOT_IN_MEMORY.has(heading)));
});

test.each(pages)("%s says something under each heading", (path) => {
  const empty = [...readTracked(path).matchAll(/^## (.+)\n+(?=## |$(?![\s\S]))/gm)].map(([, heading]) => heading);
  expect(empty).toEqual([]);
});
